"""Owns the expressions that emitted code is made of, as values, and how one is written on one line. Statements are in
`statements.py`, how long lines are broken in `layout.py`. Knows no flow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal

# how tightly an expression binds, loosest first
LAMBDA, TERNARY, OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, PRIMARY = range(11)

_LEVELS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "@": PRODUCT, "**": POWER}


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Code:
    """An expression."""

    LEVEL: ClassVar[int] = PRIMARY

    @property
    def level(self) -> int:
        """How tightly it binds."""
        return self.LEVEL

    def flat(self) -> str:
        """It on one line."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.flat()


@dataclass(frozen=True, slots=True)
class Atom(Code):
    """A name (dotted or not), or a literal as it is to be written."""

    text: str

    def flat(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Size(Code):
    """`tensor.shape[axis]`, or the whole shape where there is no axis. It is None while a model is built if it is not
    `known` then; where the model runs it is `ops.shape(tensor)[axis]`."""

    tensor: Code
    axis: int | None
    known: bool = True

    def flat(self) -> str:
        return f"{self.tensor.flat()}.shape" + ("" if self.axis is None else f"[{self.axis}]")


@dataclass(frozen=True, slots=True)
class Call(Code):
    """`function(positional, name=value)`"""

    function: Code
    positional: tuple[Code, ...] = ()
    keywords: tuple[tuple[str, Code], ...] = ()

    def flat(self) -> str:
        return f"{within(self.function, PRIMARY)}({', '.join(item for item, _ in self.arguments())})"

    def arguments(self) -> Iterator[tuple[str, Code]]:
        """Each argument as written, and its value."""
        for value in self.positional:
            yield value.flat(), value
        for name, value in self.keywords:
            yield f"{name}={value.flat()}", value


@dataclass(frozen=True, slots=True)
class Starred(Code):
    """`*items` in a call or display."""

    items: Code

    def flat(self) -> str:
        return f"*{within(self.items, OR)}"


@dataclass(frozen=True, slots=True)
class Operation(Code):
    """`left sign right`"""

    sign: str
    left: Code
    right: Code

    @property
    def level(self) -> int:
        return _LEVELS[self.sign]

    def flat(self) -> str:
        if self.sign == "**":
            gap = "" if _hugs_power(self.left) and _hugs_power(self.right) else " "
            return f"{within(self.left, PRIMARY)}{gap}**{gap}{within(self.right, SIGN)}"
        text = within(self.spine()[-1].left, self.level)
        for step in reversed(self.spine()):
            text += f" {step.sign} {within(step.right, step.level + 1)}"
        return text

    def spine(self) -> list[Operation]:
        """This and the operations of the same level that lean left below it; long sums do not recurse."""
        found = [self]
        while isinstance(left := found[-1].left, Operation) and left.level == self.level:
            found.append(left)
        return found


@dataclass(frozen=True, slots=True)
class Signed(Code):
    """`-operand`"""

    LEVEL = SIGN
    sign: str
    operand: Code

    def flat(self) -> str:
        bare = self.operand.level >= SIGN and self.operand.level != POWER  # formatters write -(x**2)
        return self.sign + (self.operand.flat() if bare else f"({self.operand.flat()})")


@dataclass(frozen=True, slots=True)
class Not(Code):
    """`not operand`"""

    LEVEL = NOT
    operand: Code

    def flat(self) -> str:
        return "not " + within(self.operand, NOT)


@dataclass(frozen=True, slots=True)
class Joined(Code):
    """Operands with a word between: `a and b`, `a < b <= c`."""

    words: tuple[str, ...]
    operands: tuple[Code, ...]

    @property
    def level(self) -> int:
        return {"and": AND, "or": OR}.get(self.words[0], COMPARISON)

    def flat(self) -> str:
        first, *rest = (within(operand, self.level + 1) for operand in self.operands)
        return first + "".join(f" {word} {text}" for word, text in zip(self.words, rest, strict=True))


@dataclass(frozen=True, slots=True)
class Ternary(Code):
    """`then if condition else otherwise`"""

    LEVEL = TERNARY
    then: Code
    condition: Code
    otherwise: Code

    def flat(self) -> str:
        then, condition = within(self.then, OR), within(self.condition, OR)
        return f"{then} if {condition} else {within(self.otherwise, TERNARY)}"


@dataclass(frozen=True, slots=True)
class Display(Code):
    """`(a, b)` or `[a, b]`"""

    kind: Literal["tuple", "list"]
    items: tuple[Code, ...]

    @property
    def brackets(self) -> str:
        return "()" if self.kind == "tuple" else "[]"

    def flat(self) -> str:
        comma = "," if self.kind == "tuple" and len(self.items) == 1 else ""
        inside = ", ".join(item.flat() for item in self.items)
        return f"{self.brackets[0]}{inside}{comma}{self.brackets[1]}"


@dataclass(frozen=True, slots=True)
class Pairs(Code):
    """`{"a": a, "b": b}`"""

    items: tuple[tuple[str, Code], ...]

    def flat(self) -> str:
        return "{" + ", ".join(f"{key}: {value.flat()}" for key, value in self.items) + "}"


@dataclass(frozen=True, slots=True)
class Comprehension(Code):
    """`[body for targets in items if condition]`, or the same in the parentheses of `tuple(...)`."""

    kind: Literal["tuple", "list"]
    body: Code
    targets: tuple[str, ...]
    items: Code
    condition: Code | None = None

    def clauses(self) -> tuple[str, ...]:
        """What stands between the brackets, part by part."""
        loop = f"for {', '.join(self.targets)} in {within(self.items, OR)}"
        test = () if self.condition is None else (f"if {within(self.condition, OR)}",)
        return (self.body.flat(), loop, *test)

    @property
    def brackets(self) -> tuple[str, str]:
        return ("tuple(", ")") if self.kind == "tuple" else ("[", "]")

    def flat(self) -> str:
        return self.brackets[0] + " ".join(self.clauses()) + self.brackets[1]


@dataclass(frozen=True, slots=True)
class Index(Code):
    """`start:stop:step` between the brackets of a subscript."""

    LEVEL = LAMBDA
    start: Code | None = None
    stop: Code | None = None
    step: Code | None = None

    def flat(self) -> str:
        bounds = (self.start, self.stop) if self.step is None else (self.start, self.stop, self.step)
        if all(bound is None or _is_plain_bound(bound) for bound in bounds):
            return ":".join("" if bound is None else bound.flat() for bound in bounds)
        return " : ".join("" if bound is None else bound.flat() for bound in bounds).strip()


@dataclass(frozen=True, slots=True)
class Subscript(Code):
    """`base[index, ...]`"""

    base: Code
    indices: tuple[Code, ...]

    def flat(self) -> str:
        return f"{within(self.base, PRIMARY)}[{', '.join(index.flat() for index in self.indices)}]"


@dataclass(frozen=True, slots=True)
class Member(Code):
    """`base.name`"""

    base: Code
    name: str

    def flat(self) -> str:
        return f"{within(self.base, PRIMARY)}.{self.name}"


@dataclass(frozen=True, slots=True)
class Lambda(Code):
    """`lambda parameters: body`"""

    LEVEL = LAMBDA
    parameters: tuple[str, ...]
    body: Code

    def head(self) -> str:
        return f"lambda {', '.join(self.parameters)}: " if self.parameters else "lambda: "

    def flat(self) -> str:
        return self.head() + self.body.flat()


def within(code: Code, level: int) -> str:
    """The expression where nothing that binds looser than `level` may stand bare."""
    return code.flat() if code.level >= level else f"({code.flat()})"


def _hugs_power(code: Code) -> bool:
    """Whether `**` stands without blanks beside it: names, numbers, signed numbers."""
    if isinstance(code, Signed):
        return isinstance(code.operand, Atom) and code.operand.text[0].isdigit()
    return isinstance(code, Atom) and code.text[0] not in "\"'"


def _is_plain_bound(code: Code) -> bool:
    if isinstance(code, Signed):
        return _is_plain_bound(code.operand)
    return isinstance(code, Atom) and "." not in code.text.replace("...", "")


# ---------------------------------------------------------------- walks


def parts(code: Code) -> Iterator[Code]:
    """The expression and all within it."""
    todo = [code]
    while todo:
        here = todo.pop()
        yield here
        for each in fields(here):
            todo += codes_in(getattr(here, each.name))


def codes_in(value: Any) -> list[Code]:
    """The expressions in a field of an expression or statement."""
    if isinstance(value, Code):
        return [value]
    return [code for item in value for code in codes_in(item)] if isinstance(value, tuple) else []


def rewrite(code: Code, change: Callable[[Code], Code | None]) -> Code:
    """The expression with every part for which `change` gives another replaced by it."""
    changed = change(code)
    if changed is not None:
        return changed
    return replace(code, **{each.name: _rewritten(getattr(code, each.name), change) for each in fields(code)})


def _rewritten(value: Any, change: Callable[[Code], Code | None]) -> Any:
    if isinstance(value, Code):
        return rewrite(value, change)
    return tuple(_rewritten(item, change) for item in value) if isinstance(value, tuple) else value
