/// One step of the machine: an operation and up to three operands, mostly registers of the frame.
struct Instruction {
    var op: Opcode
    var a: Int32
    var b: Int32
    var c: Int32

    init(_ op: Opcode, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) {
        self.op = op
        self.a = Int32(truncatingIfNeeded: a)
        self.b = Int32(truncatingIfNeeded: b)
        self.c = Int32(truncatingIfNeeded: c)
    }
}

/// What an instruction does; `R` is a register of the frame, `K` a constant of the code.
///
/// A temporary register that is an operand is emptied by the operation when it holds an object, so that no value lives
/// longer than its use; what is needed twice is copied first.
enum Opcode: UInt8 {
    // Moving values.
    /// R[a] = K[b]
    case loadConstant
    /// R[a] = nil
    case loadNull
    /// R[a] = R[b]
    case copy
    /// R[a] = R[b], which becomes nil
    case move
    /// R[a ..< a + b] = nil
    case clear
    /// R[a] = global b; the builtin c when the global is not bound and c is not negative
    case loadGlobal
    /// global a = R[b], emptied when temporary
    case storeGlobal
    /// R[a] = the value in the cell that R[b] holds
    case loadCell
    /// the cell in R[a] takes R[b]
    case storeCell
    /// R[a] = the value in captured cell b
    case loadCapture
    /// captured cell a takes R[b]
    case storeCapture
    /// R[a] = a new cell; with the value of R[a] when b is 1, else unbound
    case makeCell
    /// R[a] = the unbound mark
    case unbind
    /// An error unless R[a] is bound; K[b] is its name
    case checkBound

    // Arithmetic: R[a] = R[b] op R[c]; `I` has a small int for c.
    case add, subtract, multiply, divide, floorDivide, modulo, power, matmul
    /// `+=`: a list on the left takes the items of the right
    case addInPlace
    case addI, subtractI, multiplyI, floorDivideI, moduloI
    case less, lessEqual, greater, greaterEqual, equal, notEqual
    case isIn, isNotIn
    /// R[a] = op R[b]
    case negate, plus, not

    // Jumps: to instruction a.
    case jump
    /// Backwards, looking for an interrupt
    case loop
    /// to a when R[b] is false or true; anything but a bool is an error
    case jumpIfFalse, jumpIfTrue
    /// to a unless R[b] op R[c]
    case jumpUnlessLess, jumpUnlessLessEqual, jumpUnlessGreater, jumpUnlessGreaterEqual
    case jumpUnlessEqual, jumpUnlessNotEqual
    /// the same with a small int c
    case jumpUnlessLessI, jumpUnlessLessEqualI, jumpUnlessGreaterI, jumpUnlessGreaterEqualI
    case jumpUnlessEqualI, jumpUnlessNotEqualI

    // Loops over things.
    /// R[a], R[a+1], R[a+2] = the state of a loop over R[b]
    case iterate
    /// R[b] = the next value of the loop at R[a], or jump to c when there is none
    case next

    // Building values.
    /// R[a] = list of R[b ..< b + c]
    case makeList
    /// R[a], a list, takes R[b], or the items of R[b] when c is 1
    case extendList
    /// R[a] = map of c pairs from R[b] on
    case makeMap
    /// R[a] = text of R[b] in the format K[c], or plain when c is negative
    case format
    /// R[a] = the strings R[b ..< b + c] joined
    case join
    /// R[a] = function b of the code with its captured cells
    case makeFunction
    /// R[b ..< b + c] = the items of R[a]
    case unpack
    /// The same with a list of the middle items in the place that unpacking b describes
    case unpackRest

    // Parts of values.
    /// R[a] = R[b].K[c]
    case getField
    /// R[a].K[b] = R[c]
    case setField
    /// R[a] = R[b][R[c]]
    case getItem
    /// R[a][R[b]] = R[c]
    case setItem
    /// R[a] = R[b][…] as subscript c says
    case getSubscript
    /// R[a][…] = R[b] as subscript c says
    case setSubscript

    // Calls: the function in R[a], b arguments after it, site c; the result in R[a].
    case call
    /// The same with nothing but arguments by position; the function may be in the global of site c instead, where it is
    /// looked up when the arguments are there
    case callPlain
    /// The receiver in R[a+1], the function of that name in R[a], b arguments with the receiver; K[name] of site c
    case callMethod
    /// Ends the call with R[a]
    case returnValue

    // Errors and contexts.
    /// Errors go to instruction a with an error object in R[b]; c is 1 for a context that sees interrupts too
    case pushHandler
    case popHandler
    /// Throws the error in R[a] on
    case rethrow
    /// R[a].enter()
    case enterContext
    /// R[a].exit(), and nil
    case exitContext
    /// R[a] becomes an error in the script's words unless its assertion held: K[b] message or R when c is 1
    case failAssert
    /// The assertion a == b style: both sides in R[a] and R[b], operator K[c]
    case failComparison

    // Declarations.
    /// A test: name K[a], function R[b]
    case registerTest
    /// R[a] = module of import b of the code
    case importModule
    /// R[a] = a new model instance called K[b]
    case makeModel
    /// R[a], a model instance, takes the methods R[b ..< b + c]
    case finishModel
}
