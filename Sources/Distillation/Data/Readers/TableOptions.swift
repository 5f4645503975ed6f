import Networks

/// How a file of rows is to be read.
public struct TableOptions {
    /// Whether the first line names the columns.
    public var header = true
    /// Names for the columns, in place of the header's.
    public var names: [String]?
    /// What parts the fields of a CSV file: one ASCII character.
    public var delimiter = ","
    /// Types by column: "int", "float", "text", "skip"; "int?", "float?" and "text?" allow gaps.
    public var types: [String: String] = [:]
    public var text = Dataset.Role.automatic
    public var label = Dataset.Role.automatic
    /// The classes in the order of their numbers.
    public var labelNames: [String]?
    /// The dataset's name; by default the file's without its ending.
    public var name: String?
    /// The longest line that is read, in bytes.
    public var lineLimit = 64 << 20

    public init() {}

    static let knownTypes = ["int", "float", "text", "skip", "int?", "float?", "text?"]

    /// - Throws: for a type that there is none of, and for a column that is not there.
    func checkTypes(for names: [String], file: String?) throws {
        for (column, type) in types.sorted(by: { $0.key < $1.key }) {
            guard TableOptions.knownTypes.contains(type) else {
                throw FormatError(
                    "there is no type \"\(type)\" for the column \"\(column)\"", file: file,
                    hint: "the types are \(TableOptions.knownTypes.joined(separator: ", "))", kind: "value")
            }
            guard names.contains(column) else {
                throw FormatError(
                    "types names the column \"\(column)\", which is not there", file: file,
                    hint: "the columns are \(names.joined(separator: ", "))", kind: "name")
            }
        }
    }

    /// The name for the dataset in a file.
    func datasetName(_ path: String) -> String {
        if let name { return name }
        let base = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = base.lastIndex(of: "."), dot != base.startIndex else { return base }
        return String(base[..<dot])
    }

    /// The column that will be the label, by role and by name.
    func labelColumn(in names: [String]) -> String? {
        switch label {
        case .nobody: nil
        case .named(let wanted): wanted.first
        case .automatic: Dataset.usualLabelNames.first(where: names.contains)
        }
    }
}
