"""Owns layers over channels that Keras lacks: normalization by neighbours, learnt factors, the largest of each group,
groups mixed."""

from __future__ import annotations

from collections.abc import Iterable

from netwright.compiler.dims import Dim, equal
from netwright.compiler.ops.assumptions import suppose_multiple
from netwright.compiler.ops.attributes import Ints, attr, not_negative, positive
from netwright.compiler.ops.configuration import Constraint, Regularizer
from netwright.compiler.ops.initializers import Constant
from netwright.compiler.ops.op import OpError, Weight, known_size, normal_axis
from netwright.compiler.ops.tensor_rules import expect_dtype, normal_axes, replaced
from netwright.compiler.ops.written import WrittenLayer
from netwright.compiler.types import TensorType


class LocalResponseNormalization(WrittenLayer):
    """y = x / (bias + alpha s)^beta, s the sum of the squares of the elements at most depth_radius places away along
    `axis`: across maps along the channels (Krizhevsky et al. 2012; as in TensorFlow, other frameworks divide alpha by
    the size of the window), within each map along rows and columns, [1, 2]; x: (N, ..., c) → y: x's."""

    depth_radius: int = attr(not_negative, default=5)
    bias: float = attr(positive, default=1.0)
    alpha: float = attr(not_negative, default=1.0)
    beta: float = 0.5
    axis: int | Ints = -1

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.is_float, "floats")
        if not self._axes(x):
            raise OpError("invalid-argument", "local_response_normalization needs an axis", at="axis")
        return x

    def _axes(self, x: TensorType) -> tuple[int, ...]:
        return normal_axes(self.axis, x.rank)

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        sums = 2 * self.depth_radius * len(self._axes(x))  # windows are summed one axis after another
        return x.size * (sums + 5)


class LayerScale(WrittenLayer):
    """y = gamma x, a factor for each entry of `axis`, at first init_values; it stands at the end of a residual branch;
    x: (N, ..., c) → y: x's, gamma: (c,) (Touvron et al. 2021, arXiv:2103.17239)."""

    init_values: float = 1e-5
    axis: int = -1
    gamma_regularizer: Regularizer | None = None
    gamma_constraint: Constraint | None = None

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.is_float, "floats")
        self._size(x)
        return x

    def _size(self, x: TensorType) -> int:
        return known_size(x.shape[normal_axis(self.axis, x.rank)], f"the size of axis {self.axis}")

    def weights(self, x: TensorType) -> Iterable[Weight]:
        yield self.weight("gamma", (self._size(x),), Constant({"value": self.init_values}))

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return x.size


class Grouped(WrittenLayer, abstract=True):
    """A layer that cuts `axis` into groups of equal size."""

    axis: int = -1

    def group_size(self, x: TensorType, groups: int, at: str) -> Dim:
        """How many elements a group has; `at` names the attribute that says how many groups there are."""
        size = x.shape[normal_axis(self.axis, x.rank)]
        rest = equal(size % groups, 0)
        if rest is False:
            message = f"axis {self.axis} of size {size} cannot be cut into {groups} equal groups"
            help = f"let {at} divide the size of the axis"
            raise OpError("impossible-size", message, at=at, label=f"the tensor is {x}", help=help)
        if rest is None:
            suppose_multiple(size, groups)
        return size // groups


class Maxout(Grouped):
    """y_j = max_{i < k} x_{j k + i}: the largest of each of `units` groups of neighbours along `axis`, so maxout units
    of k pieces behind a dense layer or convolution of k · units; x: (N, ..., k units) → y: (N, ..., units)
    (Goodfellow et al. 2013, arXiv:1302.4389)."""

    gradient_reads = ("operands", "outputs")
    units: int = attr(positive)
    order = ("units", "axis")

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.is_float, "floats")
        self.group_size(x, self.units, "units")
        return x.with_shape(*replaced(x.shape, normal_axis(self.axis, x.rank), self.units))

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return x.size


class ChannelShuffle(Grouped):
    """y_{i g + j} = x_{j n + i}: channel i of group j, of g groups of n, goes to place i g + j, so that each group of
    the next grouped convolution sees all of them; x: (N, ..., c) → y: x's (Zhang et al. 2017, arXiv:1707.01083)."""

    gradient_reads = ()
    groups: int = attr(positive)
    order = ("groups", "axis")

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.is_float, "floats")
        self.group_size(x, self.groups, "groups")
        return x

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 0
