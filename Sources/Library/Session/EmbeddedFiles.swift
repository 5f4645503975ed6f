/// The files of `stdlib/`, which the build puts into the program.
enum EmbeddedFiles {
    /// A new file of `stdlib/` gets a line here.
    static let all: [(name: String, bytes: [UInt8])] = [
        ("bert", PackageResources.bert_kds),
        ("distilbert", PackageResources.distilbert_kds),
        ("checks", PackageResources.checks_kds),
        ("contrastive_losses", PackageResources.contrastive_losses_kds),
        ("encoders", PackageResources.encoders_kds),
        ("feature_losses", PackageResources.feature_losses_kds),
        ("figures", PackageResources.figures_kds),
        ("gradient_losses", PackageResources.gradient_losses_kds),
        ("insight", PackageResources.insight_kds),
        ("logit_losses", PackageResources.logit_losses_kds),
        ("losses", PackageResources.losses_kds),
        ("mobilebert", PackageResources.mobilebert_kds),
        ("pretrained", PackageResources.pretrained_kds),
        ("reports", PackageResources.reports_kds),
        ("schedules", PackageResources.schedules_kds),
        ("sequence_losses", PackageResources.sequence_losses_kds),
        ("strategies", PackageResources.strategies_kds),
        ("teaching", PackageResources.teaching_kds),
        ("training", PackageResources.training_kds),
        ("verdict", PackageResources.verdict_kds),
    ]

    /// Files whose names are there only after an `import`.
    static let importedOnly: Set<String> = ["teaching"]
}
