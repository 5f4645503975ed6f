/// The version of the program and of the language.
public enum Version {
    public static let text = "0.1.0"
}
