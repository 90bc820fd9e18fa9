"""Owns how statements become lines of at most 88 characters, such that ruff and black leave them as they are. What does
not fit on its line is taken apart one item a line, with a comma after the last. Knows no flow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from netwright.backends.keras.statements import Assign, Comment, Expression, For, Function, If, Return, Statement
from netwright.backends.keras.syntax import (
    OR,
    TERNARY,
    Call,
    Code,
    Comprehension,
    Display,
    Joined,
    Lambda,
    Operation,
    Pairs,
    Subscript,
    Ternary,
    within,
)

WIDTH = 88
STEP = 4


def lay_out(statements: list[Statement], indent: int = 0) -> str:
    """The statements as text, each line indented, without a line end after the last."""
    return "\n".join(_lines(statements, indent, opened=True))


def _lines(statements: list[Statement], indent: int, *, opened: bool = False) -> Iterator[str]:
    """`opened`: nothing but the head of a function stands before."""
    after_function = False
    for index, statement in enumerate(statements):
        is_function = isinstance(statement, Function)
        if (index and after_function) or (is_function and (index or not opened)):
            yield ""
        yield from _STATEMENTS[type(statement)](statement, indent)
        after_function = is_function


def _assign(statement: Assign, indent: int) -> Iterator[str]:
    value = statement.value
    if len(statement.targets) > 1 and isinstance(value, Display) and value.kind == "tuple":
        line = f"{', '.join(statement.targets)} = {', '.join(item.flat() for item in value.items)}"
        if fits(line, indent):
            yield " " * indent + line
            return
    yield from _conditional_or_plain(statement.value, f"{', '.join(statement.targets)} = ", indent)


def _return(statement: Return, indent: int) -> Iterator[str]:
    if len(statement.values) == 1:
        yield from _conditional_or_plain(statement.values[0], "return ", indent)
    else:
        text = ", ".join(value.flat() for value in statement.values)
        if fits(f"return {text}", indent):
            yield " " * indent + f"return {text}"
        else:
            yield from place(Display("tuple", statement.values), indent, "return ")


def _conditional_or_plain(value: Code, head: str, indent: int) -> Iterator[str]:
    """A conditional that is too long for one line reads better as a statement."""
    if not isinstance(value, Ternary) or fits(head + value.flat(), indent):
        yield from place(value, indent, head)
        return
    word = "if "
    while isinstance(value, Ternary):
        yield from place(value.condition, indent, word, ":")
        yield from _conditional_or_plain(value.then, head, indent + STEP)
        value, word = value.otherwise, "elif "
    yield " " * indent + "else:"
    yield from place(value, indent + STEP, head)


def _expression(statement: Expression, indent: int) -> Iterator[str]:
    yield from place(statement.value, indent)


def _comment(statement: Comment, indent: int) -> Iterator[str]:
    yield " " * indent + f"# {statement.text}"


def _for(statement: For, indent: int) -> Iterator[str]:
    yield from place(statement.items, indent, f"for {', '.join(statement.targets)} in ", ":")
    yield from _lines(statement.body, indent + STEP)


def _if(statement: If, indent: int) -> Iterator[str]:
    yield from place(statement.condition, indent, "if ", ":")
    yield from _lines(statement.body, indent + STEP)
    if not statement.otherwise:
        return
    first = statement.otherwise[0]
    if isinstance(first, If) and len(statement.otherwise) == 1:
        head, *rest = _if(first, indent)
        yield " " * indent + "el" + head.strip()
        yield from rest
    else:
        yield " " * indent + "else:"
        yield from _lines(statement.otherwise, indent + STEP)


def _function(statement: Function, indent: int) -> Iterator[str]:
    """`def`, its documentation and its body."""
    yield from (" " * indent + f"@{each.flat()}" for each in statement.decorators)
    flat = [name if default is None else f"{name}={default.flat()}" for name, default in statement.parameters]
    head = f"def {statement.name}({', '.join(flat)}):"
    if fits(head, indent):
        yield " " * indent + head
    else:
        yield " " * indent + f"def {statement.name}("
        for name, default in statement.parameters:
            if default is None:
                yield " " * (indent + STEP) + f"{name},"
            else:
                yield from place(default, indent + STEP, f"{name}=", ",")
        yield " " * indent + "):"
    if statement.documentation is not None:
        yield from _documentation(statement.documentation, indent + STEP)
    yield from _lines(statement.body, indent + STEP, opened=statement.documentation is None)


def _documentation(text: str, indent: int) -> Iterator[str]:
    first, *rest = text.split("\n")
    margin = " " * indent
    if not rest:
        yield f'{margin}"""{first}"""'
        return
    yield f'{margin}"""{first}'
    for line in rest:
        yield margin + line if line else ""
    yield f'{margin}"""'


_STATEMENTS: dict[type[Statement], Callable[[Any, int], Iterator[str]]] = {
    Assign: _assign,
    Return: _return,
    Expression: _expression,
    Comment: _comment,
    For: _for,
    If: _if,
    Function: _function,
}


# ---------------------------------------------------------------- expressions that are too long


def fits(text: str, indent: int) -> bool:
    """Whether the text fits behind so many blanks."""
    return indent + len(text) <= WIDTH and "\n" not in text


def place(code: Code, indent: int, head: str = "", tail: str = "") -> Iterator[str]:
    """The lines of `head`, the expression and `tail`, broken where they do not fit on one."""
    flat = head + code.flat() + tail
    if fits(flat, indent):
        yield " " * indent + flat
        return
    yield from _BREAKS.get(type(code), _unbroken)(code, indent, head, tail)


def _unbroken(code: Code, indent: int, head: str, tail: str) -> Iterator[str]:
    yield " " * indent + head + code.flat() + tail


def _call(code: Call, indent: int, head: str, tail: str) -> Iterator[str]:
    """The arguments on a line of their own, or on a line each: those of `f` in `f(a)(x)` where they are the longer
    ones."""
    function = code.function
    own = sum(len(text) for text, _ in code.arguments())
    if isinstance(function, Call) and sum(len(text) for text, _ in function.arguments()) >= own:
        rest = f"({', '.join(text for text, _ in code.arguments())})"
        yield from _call(function, indent, head, rest + tail)
        return
    if not own:
        yield from _unbroken(code, indent, head, tail)
        return
    yield " " * indent + f"{head}{within(function, code.level)}("
    inside = ", ".join(text for text, _ in code.arguments())
    if not tail.startswith("(") and fits(inside, indent + STEP):  # a call of the result would be broken first
        yield " " * (indent + STEP) + inside
        yield " " * indent + ")" + tail
        return
    for value in code.positional:
        yield from _bracketed(value, indent + STEP, "", ",")
    for name, value in code.keywords:
        yield from _bracketed(value, indent + STEP, f"{name}=", ",")
    yield " " * indent + ")" + tail


def _display(code: Display, indent: int, head: str, tail: str) -> Iterator[str]:
    yield " " * indent + head + code.brackets[0]
    for item in code.items:
        yield from _bracketed(item, indent + STEP, "", ",")
    yield " " * indent + code.brackets[1] + tail


def _pairs(code: Pairs, indent: int, head: str, tail: str) -> Iterator[str]:
    yield " " * indent + head + "{"
    for key, value in code.items:
        yield from place(value, indent + STEP, f"{key}: ", ",")
    yield " " * indent + "}" + tail


def _comprehension(code: Comprehension, indent: int, head: str, tail: str) -> Iterator[str]:
    """Body and loop on a line of their own, or on a line each."""
    margin = " " * (indent + STEP)
    yield " " * indent + head + code.brackets[0]
    whole = " ".join(code.clauses())
    if fits(whole, indent + STEP):
        yield margin + whole
    else:
        yield from place(code.body, indent + STEP)
        yield from (margin + clause for clause in code.clauses()[1:])
    yield " " * indent + code.brackets[1] + tail


def _lambda(code: Lambda, indent: int, head: str, tail: str) -> Iterator[str]:
    yield from place(code.body, indent, head + code.head(), tail)


def _subscript(code: Subscript, indent: int, head: str, tail: str) -> Iterator[str]:
    rest = f"[{', '.join(index.flat() for index in code.indices)}]"
    yield from _BREAKS.get(type(code.base), _unbroken)(code.base, indent, head, rest + tail)


def _in_parentheses(code: Operation | Joined | Ternary, indent: int, head: str, tail: str) -> Iterator[str]:
    """Operands on one line, or on a line each, in parentheses."""
    if isinstance(code, Operation) and code.sign == "**":
        yield from _unbroken(code, indent, head, tail)
        return
    yield " " * indent + head + "("
    if fits(code.flat(), indent + STEP):
        yield " " * (indent + STEP) + code.flat()
    else:
        yield from _operands(code, indent + STEP, "", "")
    yield " " * indent + ")" + tail


def _operands(code: Operation | Joined | Ternary, indent: int, head: str, tail: str) -> Iterator[str]:
    """An operand a line, what joins it to the one before in front."""
    pieces = _PIECES[type(code)](code)
    for number, (lead, operand, level) in enumerate(pieces, start=1):
        start = lead if number > 1 else head
        end = tail if number == len(pieces) else ""
        if operand.level >= level:
            yield from place(operand, indent, start, end)
        else:
            yield " " * indent + start + within(operand, level) + end


def _bracketed(code: Code, indent: int, head: str, tail: str) -> Iterator[str]:
    """An expression within brackets, where operands need no parentheses to stand on lines of their own."""
    breakable = type(code) in _PIECES and not (isinstance(code, Operation) and code.sign == "**")
    if breakable and not fits(head + code.flat() + tail, indent):
        assert isinstance(code, (Operation, Joined, Ternary))
        yield from _operands(code, indent, head, tail)
    else:
        yield from place(code, indent, head, tail)


Piece = tuple[str, Code, int]  # what stands before an operand, the operand, and how tightly it must bind


def _operation_pieces(code: Operation) -> list[Piece]:
    spine = code.spine()
    rest = [(f"{step.sign} ", step.right, code.level + 1) for step in reversed(spine)]
    return [("", spine[-1].left, code.level), *rest]


def _joined_pieces(code: Joined) -> list[Piece]:
    leads = ("", *(f"{word} " for word in code.words))
    return [(lead, operand, code.level + 1) for lead, operand in zip(leads, code.operands, strict=True)]


def _ternary_pieces(code: Ternary) -> list[Piece]:
    return [("", code.then, OR), ("if ", code.condition, OR), ("else ", code.otherwise, TERNARY)]


_PIECES: dict[type[Code], Callable[[Any], list[Piece]]] = {
    Operation: _operation_pieces,
    Joined: _joined_pieces,
    Ternary: _ternary_pieces,
}
_BREAKS: dict[type[Code], Callable[[Any, int, str, str], Iterator[str]]] = {
    Call: _call,
    Display: _display,
    Pairs: _pairs,
    Comprehension: _comprehension,
    Lambda: _lambda,
    Subscript: _subscript,
    Operation: _in_parentheses,
    Joined: _in_parentheses,
    Ternary: _in_parentheses,
}
