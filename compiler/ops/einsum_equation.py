"""Owns Einstein summation: the text `bqd,bkd->bqk` as data, the shape it makes, and what it costs. Knows no operator.

NumPy's rules, less what TensorFlow refuses: an ellipsis of the operands must stand in the output, sizes of one label
are equal (1 does not broadcast, except under an ellipsis)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from netwright.compiler.dims import Dim
from netwright.compiler.ops.op import OpError
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_rules import broadcast, product, show
from netwright.compiler.types import Shape
from netwright.dsl.records import record

ELLIPSIS = "..."


class EquationFault(ValueError):
    """The text is no equation; the message says why."""


@record
class Term:
    """The labels of one tensor. `ellipsis` is where '...' stands among them, or none."""

    labels: str
    ellipsis: int | None

    @staticmethod
    def parse(text: str) -> Term:
        before, dots, after = text.partition(ELLIPSIS)
        for label in before + after:
            if not (label.isascii() and label.isalpha()):
                raise EquationFault(f"a label is a letter, found '{label}' in '{text}'")
        return Term(before + after, len(before) if dots else None)

    def __str__(self) -> str:
        if self.ellipsis is None:
            return self.labels
        return self.labels[: self.ellipsis] + ELLIPSIS + self.labels[self.ellipsis :]


@record
class Equation:
    """inputs -> output."""

    inputs: tuple[Term, ...]
    output: Term

    @staticmethod
    @lru_cache(maxsize=1024)
    def parse(text: str) -> Equation:
        """Raises EquationFault. Without '->', the output has the labels that occur once, in alphabetical order."""
        left, arrow, right = "".join(text.split()).partition("->")
        inputs = tuple(map(Term.parse, left.split(",")))
        output = Term.parse(right) if arrow else _implicit_output(inputs)
        _check_output(inputs, output)
        return Equation(inputs, output)

    def __str__(self) -> str:
        """With an explicit output, for backends differ in what they make of an implicit one."""
        return f"{','.join(map(str, self.inputs))}->{self.output}"

    def infer(self, shapes: Sequence[Shape]) -> Shape:
        """The output's shape. Raises OpError."""
        sizes, spread = self._sizes(shapes)
        return _shape_of(self.output, sizes, spread)

    def macs(self, shapes: Sequence[Shape]) -> Dim:
        """Multiply-adds, contracting the operands pairwise from left to right: for each pair, the product of the sizes
        of all labels that either has; labels that nothing later needs are summed away. One operand: none."""
        sizes, spread = self._sizes(shapes)
        total: Dim = 0
        held = set(self.inputs[0].labels)
        for position, term in enumerate(self.inputs[1:], start=1):
            held |= set(term.labels)
            total = total + product((*spread, *(sizes[label] for label in sorted(held))))
            later = "".join(item.labels for item in (*self.inputs[position + 1 :], self.output))
            held &= set(later)
        return total

    def _sizes(self, shapes: Sequence[Shape]) -> tuple[dict[str, Dim], Shape]:
        """The size of each label, and the common shape of what the ellipses stand for."""
        if len(shapes) != len(self.inputs):
            message = f"the equation {self} has {len(self.inputs)} operands, found {len(shapes)}"
            raise OpError("wrong-arity", message)
        sizes: dict[str, Dim] = {}
        spread: Shape = ()
        for index, (term, shape) in enumerate(zip(self.inputs, shapes, strict=True)):
            labelled, rest = _take_apart(term, shape, index)
            spread = broadcast(spread, rest)
            for label, dim in zip(term.labels, labelled, strict=True):
                common = agree(sizes.get(label, dim), dim)
                if common is None:
                    message = f"'{label}' is {sizes[label]} and {dim} at once"
                    raise OpError("shape-mismatch", message, at=index, label=f"this is {show(shape)} for '{term}'")
                sizes[label] = common
        return sizes, spread


def _take_apart(term: Term, shape: Shape, index: int) -> tuple[Shape, Shape]:
    """The dims that the labels stand for, and those of the ellipsis."""
    count = len(term.labels)
    if len(shape) == count and term.ellipsis is None:
        return shape, ()
    if term.ellipsis is None or len(shape) < count:
        least = "at least " if term.ellipsis is not None else ""
        message = f"'{term}' needs {least}{count} axes, found rank {len(shape)}"
        raise OpError("rank-mismatch", message, at=index, label=f"this is {show(shape)}")
    start, end = term.ellipsis, term.ellipsis + len(shape) - count
    return (*shape[:start], *shape[end:]), shape[start:end]


def _shape_of(term: Term, sizes: dict[str, Dim], spread: Shape) -> Shape:
    dims = tuple(sizes[label] for label in term.labels)
    if term.ellipsis is not None:
        return (*dims[: term.ellipsis], *spread, *dims[term.ellipsis :])
    if spread:
        raise OpError("invalid-argument", "the output must have the '...' that the operands have", at="subscripts")
    return dims


def _implicit_output(inputs: tuple[Term, ...]) -> Term:
    labels = "".join(term.labels for term in inputs)
    once = "".join(sorted(label for label in set(labels) if labels.count(label) == 1))
    return Term(once, 0 if any(term.ellipsis is not None for term in inputs) else None)


def _check_output(inputs: tuple[Term, ...], output: Term) -> None:
    known = "".join(term.labels for term in inputs)
    for label in output.labels:
        if label not in known:
            raise EquationFault(f"the output has '{label}', which no operand has")
        if output.labels.count(label) > 1:
            raise EquationFault(f"the output has '{label}' twice")
