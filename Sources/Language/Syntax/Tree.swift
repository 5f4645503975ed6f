// The syntax tree. Statements hold expressions, expressions hold blocks (lambdas, if, try, with), all of them values.
//
//   Program ─ Block ─ Statement ─ Expression ─ …
//
// `if`, `try` and `with` are expressions also where they stand as statements: their value is their block's last expression.

/// A whole text, parsed.
public struct Program: Sendable {
    public var source: Source
    public var body: Block

    public init(source: Source, body: Block) {
        self.source = source
        self.body = body
    }
}

/// Statements between braces (the span includes them), or a whole text.
public struct Block: Sendable {
    public var statements: [Statement]
    public var span: Span

    public init(_ statements: [Statement], span: Span) {
        self.statements = statements
        self.span = span
    }
}

/// A name together with where it stands.
public struct Name: Sendable {
    public var text: String
    public var span: Span

    public init(_ text: String, span: Span) {
        self.text = text
        self.span = span
    }
}

public struct Statement: Sendable {
    public var kind: Kind
    public var span: Span

    public init(_ kind: Kind, span: Span) {
        self.kind = kind
        self.span = span
    }

    public indirect enum Kind: Sendable {
        /// `quiet` when a `;` follows: the value is not shown.
        case expression(Expression, quiet: Bool)
        /// `a = b = value`: every target, in the order written.
        case assign([Target], Expression)
        /// `target += value`; the target is a name, a field or a subscript.
        case augment(Target, BinaryOperator, Expression)
        case outer([Name])
        case function(FunctionNode)
        case model(ModelNode)
        case forLoop(Target, Expression, Block)
        case whileLoop(Expression, Block)
        case breakLoop
        case continueLoop
        case returnValue(Expression?)
        case assert(Expression, message: Expression?)
        case test(name: String, Block)
        case importModule(ImportNode)
    }
}

/// What stands on the left of `=`, or between `for` and `in`.
public struct Target: Sendable {
    public var kind: Kind
    public var span: Span

    public init(_ kind: Kind, span: Span) {
        self.kind = kind
        self.span = span
    }

    public indirect enum Kind: Sendable {
        case name(String)
        /// `a, (b, c), *d`: `rest` is the index of the starred target, which takes a list of what is left.
        case unpack([Target], rest: Int?)
        case field(Expression, Name)
        case item(Expression, [SubscriptNode])
    }
}

public enum BinaryOperator: String, Sendable, CaseIterable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case modulo = "%"
    case power = "**"
    case matmul = "@"
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessEqual = "<="
    case greater = ">"
    case greaterEqual = ">="
    case isIn = "in"
    case isNotIn = "not in"

    public var symbol: String { rawValue }

    public var isComparison: Bool {
        switch self {
        case .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual, .isIn, .isNotIn: true
        default: false
        }
    }
}

public enum UnaryOperator: String, Sendable, CaseIterable {
    case negate = "-"
    case plus = "+"
    case not = "not"

    public var symbol: String { rawValue }
}

public enum LogicalOperator: String, Sendable {
    case and
    case or
}

public struct Expression: Sendable {
    public var kind: Kind
    public var span: Span

    public init(_ kind: Kind, span: Span) {
        self.kind = kind
        self.span = span
    }

    public indirect enum Kind: Sendable {
        case null
        case bool(Bool)
        case int(Int)
        case float(Double)
        case string(String)
        case interpolation([StringPiece])
        case name(String)
        case list([Element])
        case map([MapEntry])
        case unary(UnaryOperator, Expression)
        case binary(BinaryOperator, Expression, Expression)
        case logical(LogicalOperator, Expression, Expression)
        /// `a < b <= c`: at least two links; each operand is evaluated once.
        case comparison(Expression, [ComparisonLink])
        case call(Expression, [Argument])
        case field(Expression, Name)
        case item(Expression, [SubscriptNode])
        /// A lambda, or nothing else: `fn` is a statement.
        case lambda(FunctionNode)
        case conditional(IfNode)
        case attempt(TryNode)
        case with(WithNode)
        /// `left |> right`: evaluate left once, then right, in which `placeholder` is that value (innermost pipe).
        case pipe(Expression, Expression)
        case placeholder
    }
}

/// A part of `"loss {l:.4f}"`.
public enum StringPiece: Sendable {
    case text(String)
    case value(Expression, format: String?)
}

/// An item of a list literal: `value`, or `*value` whose items are put in.
public struct Element: Sendable {
    public var value: Expression
    public var isSpread: Bool

    public init(_ value: Expression, isSpread: Bool = false) {
        self.value = value
        self.isSpread = isSpread
    }
}

public struct MapEntry: Sendable {
    public var key: Expression
    public var value: Expression

    public init(key: Expression, value: Expression) {
        self.key = key
        self.value = value
    }
}

public struct ComparisonLink: Sendable {
    public var op: BinaryOperator
    public var right: Expression

    public init(_ op: BinaryOperator, _ right: Expression) {
        self.op = op
        self.right = right
    }
}

public struct Argument: Sendable {
    public enum Kind: Sendable {
        case positional
        case keyword(Name)
        /// `*values`
        case spread
    }

    public var kind: Kind
    public var value: Expression
    /// `name=value`, `*values` or `value`.
    public var span: Span

    /// Neither a keyword nor a spread.
    var isPlain: Bool { if case .positional = kind { true } else { false } }

    public init(_ kind: Kind, _ value: Expression, span: Span) {
        self.kind = kind
        self.value = value
        self.span = span
    }
}

public enum SubscriptNode: Sendable {
    case index(Expression)
    case slice(start: Expression?, stop: Expression?, step: Expression?, span: Span)
    case ellipsis(Span)
}

public struct ParameterNode: Sendable {
    public var name: Name
    public var defaultValue: Expression?
    /// `*rest`: takes the positional arguments that are left; parameters after it are given by keyword.
    public var isRest: Bool
    /// The `#` comment at the end of the parameter's line.
    public var doc: String?

    public init(name: Name, defaultValue: Expression? = nil, isRest: Bool = false, doc: String? = nil) {
        self.name = name
        self.defaultValue = defaultValue
        self.isRest = isRest
        self.doc = doc
    }
}

/// `fn name(…) { … }`, or a lambda, whose name is nil and whose body may be one expression statement.
public struct FunctionNode: Sendable {
    public var name: Name?
    public var parameters: [ParameterNode]
    public var body: Block
    /// The `##` lines above it, without the marks.
    public var doc: String?
    public var span: Span

    public init(name: Name?, parameters: [ParameterNode], body: Block, doc: String? = nil, span: Span) {
        self.name = name
        self.parameters = parameters
        self.body = body
        self.doc = doc
        self.span = span
    }
}

/// `model Name(…) { fields; fn forward(x) { … } }`.
public struct ModelNode: Sendable {
    public var name: Name
    public var parameters: [ParameterNode]
    /// Run once for each model made; the names it binds become fields, beside the parameters.
    public var fields: Block
    public var methods: [FunctionNode]
    public var doc: String?
    public var span: Span

    public init(
        name: Name, parameters: [ParameterNode], fields: Block, methods: [FunctionNode], doc: String? = nil, span: Span
    ) {
        self.name = name
        self.parameters = parameters
        self.fields = fields
        self.methods = methods
        self.doc = doc
        self.span = span
    }
}

public struct IfNode: Sendable {
    public struct Branch: Sendable {
        public var condition: Expression
        public var body: Block

        public init(condition: Expression, body: Block) {
            self.condition = condition
            self.body = body
        }
    }

    /// `if`, then each `else if`.
    public var branches: [Branch]
    public var otherwise: Block?

    public init(branches: [Branch], otherwise: Block?) {
        self.branches = branches
        self.otherwise = otherwise
    }
}

/// `try { … } catch e { … }`; the name may be left out.
public struct TryNode: Sendable {
    public var body: Block
    public var name: Name?
    public var handler: Block

    public init(body: Block, name: Name?, handler: Block) {
        self.body = body
        self.name = name
        self.handler = handler
    }
}

/// `with context { … }`.
public struct WithNode: Sendable {
    public var context: Expression
    public var body: Block

    public init(context: Expression, body: Block) {
        self.context = context
        self.body = body
    }
}

/// `import teaching`, `import teaching as t`, `import "./mine.kds" as m`.
public struct ImportNode: Sendable {
    public enum Origin: Sendable {
        case library(String)
        case path(String)
    }

    public var origin: Origin
    /// Where the origin is written.
    public var originSpan: Span
    /// The name bound: what `as` says, else the library's name or the file's without its ending.
    public var name: Name

    public init(origin: Origin, originSpan: Span, name: Name) {
        self.origin = origin
        self.originSpan = originSpan
        self.name = name
    }
}
