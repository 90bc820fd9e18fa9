"""Owns `einsum_dense`: its equation, and the shapes that follow from it. What execution does is what is inferred;
Keras's own inference reverses the dims that an ellipsis on the left stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar, NamedTuple

from netwright.compiler.dims import Dim, equal
from netwright.compiler.ops.configuration import Activation, Constraint, Initializer, Regularizer
from netwright.compiler.ops.initializers import FanScaled
from netwright.compiler.ops.lora import LowRankAdapted
from netwright.compiler.ops.op import OpError, Weight, known_size
from netwright.compiler.ops.shapes import PartialShape
from netwright.compiler.ops.tensor_rules import common_dtype, expect_numbers, product
from netwright.compiler.types import Shape, TensorType

_FORMS = (
    r"(?P<input>[a-zA-Z]+),(?P<kernel>[a-zA-Z]+)->(?P<output>[a-zA-Z]+)",
    r"(?P<left>\.\.\.)(?P<input>[a-zA-Z]+),(?P<kernel>[a-zA-Z]+)->\.\.\.(?P<output>[a-zA-Z]+)",
    r"(?P<input>[a-zA-Z]{2,})(?P<right>\.\.\.),(?P<kernel>[a-zA-Z]+)->(?P<output>[a-zA-Z]+)\.\.\.",
)


class Equation(NamedTuple):
    """The letters of input, kernel and output, and where an ellipsis stands: 'left', 'right' or ''."""

    input: str
    kernel: str
    output: str
    ellipsis: str

    @property
    def named(self) -> str:
        """The letters of the output whose sizes `output_shape` gives: all but the batch's."""
        return self.output if self.ellipsis == "left" else self.output[1:]


@lru_cache(maxsize=256)
def parse_equation(text: str) -> Equation | None:
    """The parts of an equation, or None for what einsum_dense does not take."""
    found = next(filter(None, (re.fullmatch(form, text) for form in _FORMS)), None)
    if found is None:
        return None
    ellipsis = next((side for side in ("left", "right") if side in found.groupdict()), "")
    return Equation(found["input"], found["kernel"], found["output"], ellipsis)


class Sizes:
    """What the letters of an equation stand for, given an operand and the sizes of `output_shape`. The first letter of
    the output is the batch unless the ellipsis holds it. Raises OpError where they contradict each other."""

    def __init__(self, terms: Equation, x: TensorType, output_shape: PartialShape) -> None:
        self.terms = terms
        elided = x.rank - len(terms.input)
        self._expect_rank(x, elided)
        start = elided if terms.ellipsis == "left" else 0
        self.elided = x.shape[:start] or x.shape[len(terms.input) :]
        self.input = dict(zip(terms.input, x.shape[start:], strict=False))
        self.given: dict[str, Dim | None] = {terms.output[0]: x.shape[0]}
        self.given |= zip(terms.named, output_shape, strict=True)
        for letter in filter(self.given.__contains__, terms.input):
            self._expect_same(letter)

    def _expect_rank(self, x: TensorType, elided: int) -> None:
        fewest = 1 if self.terms.ellipsis == "left" else 0
        if elided < fewest or (elided and not self.terms.ellipsis):
            wanted = f"{len(self.terms.input) + fewest}" + (" or more" if self.terms.ellipsis else "")
            message = f"the equation takes a tensor of rank {wanted}, found rank {x.rank}"
            raise OpError("rank-mismatch", message, at=0, label=f"this is {x}")

    def _expect_same(self, letter: str) -> None:
        given, found = self.given[letter], self.input[letter]
        same = True if given is None else equal(given, found)
        if same:
            return
        message = f"'{letter}' is {found} in the input and {given} in output_shape"
        code = "shape-mismatch" if same is False else "undecidable"
        raise OpError(code, message, at="output_shape", help=f"write none for the size of '{letter}' in output_shape")

    def of_kernel(self) -> dict[str, int]:
        """The letters of the kernel, in order."""
        return {letter: self._known(letter) for letter in self.terms.kernel}

    def kernel(self) -> tuple[int, ...]:
        return tuple(self.of_kernel().values())

    def fan_axes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The axes of the kernel that are summed over, and those that the output has."""
        axes = list(enumerate(self.terms.kernel))
        return (
            tuple(axis for axis, letter in axes if letter not in self.given),
            tuple(axis for axis, letter in axes if letter in self.given),
        )

    def bias(self, bias_axes: str) -> tuple[int, ...]:
        """A size for each letter of the output from the first of `bias_axes` on, 1 for those that share."""
        first = min(map(self.terms.output.index, bias_axes))
        shape = tuple(self._known(letter) if letter in bias_axes else 1 for letter in self.terms.output[first:])
        return shape if self.terms.ellipsis == "left" else shape + (1,) * len(self.elided)

    def result(self) -> Shape:
        """The shape of the output."""
        sizes = self.input | {letter: self._known(letter) for letter in self.terms.output if letter not in self.input}
        named = tuple(sizes[letter] for letter in self.terms.output)
        return self.elided + named if self.terms.ellipsis == "left" else named + self.elided

    def _known(self, letter: str) -> int:
        """The size of a letter of the kernel or the bias; Keras takes it from output_shape if it can be there."""
        if letter not in self.given:
            return known_size(self.input[letter], f"the size of '{letter}', which the kernel has,")
        given = self.given[letter]
        if given is None:
            message = f"the weights need the size of '{letter}', for which output_shape gives none"
            raise OpError("unknown-size", message, at="output_shape")
        return known_size(given, f"the size of '{letter}', which the weights have,")


class EinsumDense(LowRankAdapted):
    """y = activation(einsum(equation, x, W) + b); x: (N, ...) → y: (N, *output_shape). W has a size for each letter of
    its term, b one for each of `bias_axes`."""

    excluded: ClassVar[dict[str, str]] = {"quantization_config": "an object of Keras's quantizers"}
    equation: str
    output_shape: PartialShape
    activation: Activation | None = None
    bias_axes: str | None = None
    kernel_initializer: Initializer | None = "glorot_uniform"
    bias_initializer: Initializer | None = "zeros"
    kernel_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None
    kernel_constraint: Constraint | None = None
    bias_constraint: Constraint | None = None
    gptq_unpacked_column_size: int | None = None
    order = (
        *("equation", "output_shape", "activation", "bias_axes", "kernel_initializer", "bias_initializer"),
        *("kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint"),
    )

    def validate(self) -> None:
        self.reject_constraint("kernel_constraint")
        terms = self._terms
        for term in (terms.input, terms.kernel, terms.output):
            if len(set(term)) < len(term):
                raise OpError("invalid-argument", f"a letter stands twice in '{term}'", at="equation")
        self._check_letters(terms)
        if len(self.output_shape) != len(terms.named):
            wanted, found = len(terms.named), len(self.output_shape)
            message = f"'{terms.named}' of the output needs {wanted} sizes in output_shape, found {found}"
            raise OpError("invalid-argument", message, at="output_shape")
        if self.bias_axes is not None and not (self.bias_axes and set(self.bias_axes) <= set(terms.output)):
            message = f"bias_axes '{self.bias_axes}' must be letters of the output '{terms.output}'"
            raise OpError("invalid-argument", message, at="bias_axes")

    @staticmethod
    def _check_letters(terms: Equation) -> None:
        for letter in terms.output:
            if letter not in terms.input + terms.kernel:
                message = f"'{letter}' of the output is in neither the input's term nor the kernel's"
                raise OpError("invalid-argument", message, at="equation")
        for letter in terms.kernel:
            if letter not in terms.input + terms.output:
                message = f"'{letter}' of the kernel is in neither the input's term nor the output's"
                raise OpError("invalid-argument", message, at="equation")

    @property
    def _terms(self) -> Equation:
        terms = parse_equation(self.equation)
        if terms is None:
            forms = "an equation of the form 'ab,bc->ac', '...b,bc->...c' or 'ab...,bc->ac...'"
            raise OpError("invalid-argument", f"expected {forms}, found '{self.equation}'", at="equation")
        return terms

    def _sizes(self, x: TensorType) -> Sizes:
        return Sizes(self._terms, x, self.output_shape)

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        sizes = self._sizes(x)
        sizes.kernel()
        if self.bias_axes is not None:
            sizes.bias(self.bias_axes)
        return TensorType(common_dtype(x, self.compute_dtype), sizes.result())

    def weights(self, x: TensorType) -> Iterable[Weight]:
        sizes = self._sizes(x)
        initializer = self.kernel_initializer
        if isinstance(initializer, FanScaled):
            initializer = initializer.with_axes(*sizes.fan_axes())
        kernel = self.weight("kernel", sizes.kernel(), initializer)
        yield self.adapted(kernel)
        if self.bias_axes is not None:
            yield self.weight("bias", sizes.bias(self.bias_axes), self.bias_initializer)
        yield from self.adapters(kernel)

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        sizes = self._sizes(x)
        new = product(tuple(dim for letter, dim in sizes.of_kernel().items() if letter not in self._terms.input))
        return x.size * new + self.adapter_macs(sizes.kernel())

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return y.size * ((self.bias_axes is not None) + (self.activation not in (None, "linear")))
