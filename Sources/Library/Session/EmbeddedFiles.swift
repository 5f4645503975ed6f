/// The files of `stdlib/`, which the build puts into the program.
enum EmbeddedFiles {
    /// A new file of `stdlib/` gets a line here.
    static let all: [(name: String, bytes: [UInt8])] = [
        ("bert", PackageResources.bert_kds),
        ("distilbert", PackageResources.distilbert_kds),
        ("encoders", PackageResources.encoders_kds),
        ("feature_losses", PackageResources.feature_losses_kds),
        ("logit_losses", PackageResources.logit_losses_kds),
        ("losses", PackageResources.losses_kds),
        ("mobilebert", PackageResources.mobilebert_kds),
        ("pretrained", PackageResources.pretrained_kds),
        ("reports", PackageResources.reports_kds),
        ("teaching", PackageResources.teaching_kds),
        ("training", PackageResources.training_kds),
    ]

    /// Files whose names are there only after an `import`.
    static let importedOnly: Set<String> = ["teaching"]
}
