"""Owns the functions of keras.ops that move, repeat or reshape elements of one tensor. They cost nothing. Joining and
splitting is in `tensor_joining.py`, indexing in `tensor_indexing.py`."""

from __future__ import annotations

from netwright.compiler.dims import Dim, equal, less_equal
from netwright.compiler.dtypes import byte_size, is_float
from netwright.compiler.ops.attributes import Ints, attr, not_negative, one_of, positive
from netwright.compiler.ops.configuration import DType
from netwright.compiler.ops.op import Function, OpError, known_size, normal_axis
from netwright.compiler.ops.shapes import agree, broadcast
from netwright.compiler.ops.tensor_creation import expect_sizes
from netwright.compiler.ops.tensor_rules import Dims, Pairs, normal_axes, product, replaced, show
from netwright.compiler.types import Shape, TensorType


class Rearrangement(Function, abstract=True):
    """y holds elements of x; nothing is computed."""

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


# ---------------------------------------------------------------- axes


class Transpose(Rearrangement):
    """Axis i of y is axis `axes[i]` of x; none reverses the axes."""

    axes: Ints | None = None

    def infer(self, x: TensorType) -> TensorType:
        axes = tuple(reversed(range(x.rank))) if self.axes is None else normal_axes(self.axes, x.rank, at="axes")
        if len(axes) != x.rank:
            message = f"axes must name each of the {x.rank} axes once, found {list(self.axes or ())}"
            raise OpError("invalid-argument", message, at="axes")
        return x.with_shape(*(x.shape[axis] for axis in axes))


class Swapaxes(Rearrangement):
    """y is x with two axes exchanged."""

    axis1: int
    axis2: int

    def infer(self, x: TensorType) -> TensorType:
        one, other = normal_axis(self.axis1, x.rank, "axis1"), normal_axis(self.axis2, x.rank, "axis2")
        dims = list(x.shape)
        dims[one], dims[other] = dims[other], dims[one]
        return x.with_shape(*dims)


class Moveaxis(Rearrangement):
    """y is x with each axis of `source` moved to its place in `destination`."""

    source: int | Ints
    destination: int | Ints

    def infer(self, x: TensorType) -> TensorType:
        sources = normal_axes(self.source, x.rank, at="source")
        targets = normal_axes(self.destination, x.rank, at="destination")
        if len(sources) != len(targets):
            message = f"as many places as axes are needed, found {len(targets)} for {len(sources)}"
            raise OpError("invalid-argument", message, at="destination")
        rest = iter(axis for axis in range(x.rank) if axis not in sources)
        moved = dict(zip(targets, sources, strict=True))
        return x.with_shape(*(x.shape[moved[axis] if axis in moved else next(rest)] for axis in range(x.rank)))


class ExpandDims(Rearrangement):
    """y is x with an axis of size 1 at `axis` of y."""

    axis: int | Ints

    def infer(self, x: TensorType) -> TensorType:
        rank = x.rank + (len(self.axis) if isinstance(self.axis, tuple) else 1)
        added = normal_axes(self.axis, rank)
        dims = iter(x.shape)
        return x.with_shape(*(1 if axis in added else next(dims) for axis in range(rank)))


class Squeeze(Rearrangement):
    """y is x without the axes of `axis`, each of size 1; none: without all that have size 1."""

    axis: int | Ints | None = None

    def infer(self, x: TensorType) -> TensorType:
        if self.axis == ():
            help = "leave axis out to drop all of size 1"
            raise OpError("invalid-argument", "no axis is named", at="axis", help=help)
        axes = self._ones(x) if self.axis is None else normal_axes(self.axis, x.rank)
        for axis in axes:
            if equal(x.shape[axis], 1) is False:
                message = f"axis {axis} has size {x.shape[axis]}, not 1"
                raise OpError("shape-mismatch", message, at="axis", label=f"this squeezes {x}")
        return x.with_shape(*(dim for axis, dim in enumerate(x.shape) if axis not in axes))

    def _ones(self, x: TensorType) -> tuple[int, ...]:
        for dim in x.shape:
            if equal(dim, 1) is None:
                message = f"whether the axis of size {dim} is dropped depends on the size"
                raise OpError("undecidable", message, help="name the axes: `squeeze(axis=-1)`")
        return tuple(axis for axis, dim in enumerate(x.shape) if equal(dim, 1))


# ---------------------------------------------------------------- shapes


class Reshape(Rearrangement):
    """y has x's elements in the same order; x: s → y: newshape, where one size may be -1, what is left. Unlike the
    layer's, this shape has the batch dim in it."""

    name_in_flow = "ops.reshape"
    newshape: Dims

    def infer(self, x: TensorType) -> TensorType:
        open_axes = [axis for axis, dim in enumerate(self.newshape) if dim == -1]
        if len(open_axes) > 1:
            raise OpError("invalid-argument", "at most one size may be -1", at="newshape")
        rest = expect_sizes(tuple(dim for dim in self.newshape if dim != -1), "newshape")
        known = product(rest)
        left = x.size // known if open_axes else 1
        if agree(left * known, x.size) is None:
            message = f"{x.size} elements do not make the shape {show(self.newshape)}"
            raise OpError("shape-mismatch", message, at="newshape", label=f"this reshapes {x}")
        return x.with_shape(*(replaced(self.newshape, open_axes[0], left) if open_axes else self.newshape))


class Ravel(Rearrangement):
    """y has x's elements in the same order; x: s → y: (size of s,)."""

    def infer(self, x: TensorType) -> TensorType:
        return x.with_shape(x.size)


class BroadcastTo(Rearrangement):
    """y repeats x along new axes and axes of size 1; x: s → y: shape."""

    shape: Dims

    def infer(self, x: TensorType) -> TensorType:
        expect_sizes(self.shape, "shape")
        common = broadcast(x.shape, self.shape)
        fits = common is not None and len(common) == len(self.shape)
        if not fits or any(equal(one, other) is False for one, other in zip(common or (), self.shape, strict=True)):
            message = f"{show(x.shape)} does not broadcast to {show(self.shape)}"
            raise OpError("shape-mismatch", message, at="shape", label=f"this broadcasts {x}")
        return x.with_shape(*self.shape)


class View(Rearrangement):
    """y has x's bytes, read as `dtype`; x: (..., d) → y: (..., d · bytes of x's dtype / bytes of y's)."""

    dtype: DType | None = None

    def infer(self, x: TensorType) -> TensorType:
        before, after = byte_size(x.dtype), byte_size(self.dtype or x.dtype)
        if before is None or after is None:
            raise OpError("dtype-mismatch", "a str has no fixed number of bytes", at=0)
        if not x.rank:
            if before != after:
                raise OpError("rank-mismatch", f"one {x.dtype} cannot be read as {self.dtype}", at="dtype")
            return x.with_dtype(self.dtype or x.dtype)
        last = known_size(x.shape[-1], "the last dim")
        if last * before % after:
            message = f"{last} x {before} bytes make no whole number of {self.dtype}"
            raise OpError("impossible-size", message, at="dtype", label=f"this is {x}")
        return TensorType(self.dtype or x.dtype, (*x.shape[:-1], last * before // after))


# ---------------------------------------------------------------- order and repetition


class Flip(Rearrangement):
    """y is x backwards along `axis`; none: along every axis."""

    axis: int | Ints | None = None

    def infer(self, x: TensorType) -> TensorType:
        normal_axes(self.axis, x.rank)
        return x


class Roll(Rearrangement):
    """y_(i + shift) = x_i along `axis`, cyclically; none: along the flattened x."""

    shift: int | Ints
    axis: int | Ints | None = None

    def infer(self, x: TensorType) -> TensorType:
        normal_axes(self.axis, x.rank)
        shifts, axes = (len(item) if isinstance(item, tuple) else None for item in (self.shift, self.axis))
        if shifts != axes:
            message = "one shift for each axis is needed, both as numbers or both as lists"
            raise OpError("invalid-argument", message, at="shift")
        return x


class Repeat(Rearrangement):
    """y repeats each element along `axis`; x: (..., d, ...) → y: (..., d · repeats, ...); none: of the flattened x."""

    repeats: int = attr(positive)
    axis: int | None = None

    def infer(self, x: TensorType) -> TensorType:
        if self.axis is None:
            return x.with_shape(x.size * self.repeats)
        axis = normal_axis(self.axis, x.rank)
        return x.with_shape(*replaced(x.shape, axis, x.shape[axis] * self.repeats))


class Tile(Rearrangement):
    """y repeats x as a whole, `repeats` times along each of the last axes."""

    repeats: int | Ints = attr(positive)

    def infer(self, x: TensorType) -> TensorType:
        repeats = self.repeats if isinstance(self.repeats, tuple) else (self.repeats,)
        rank = max(x.rank, len(repeats))
        dims = (1,) * (rank - x.rank) + x.shape
        counts = (1,) * (rank - len(repeats)) + repeats
        return x.with_shape(*(dim * count for dim, count in zip(dims, counts, strict=True)))


class Pad(Rearrangement):
    """y is x with (before, after) more elements along each axis: a constant, or x mirrored without ("reflect") or with
    ("symmetric") its edge."""

    pad_width: Pairs = attr(not_negative)
    mode: str = attr(one_of("constant", "reflect", "symmetric"), default="constant")
    constant_values: float | None = None

    def validate(self) -> None:
        if self.constant_values is not None and self.mode != "constant":
            raise OpError("invalid-argument", f"mode {self.mode} takes no constant", at="constant_values")

    def infer(self, x: TensorType) -> TensorType:
        if len(self.pad_width) != x.rank:
            message = f"one (before, after) for each of {x.rank} axes is needed, found {len(self.pad_width)}"
            raise OpError("rank-mismatch", message, at="pad_width", label=f"this pads {x}")
        if isinstance(self.constant_values, float) and not is_float(x.dtype):
            message = f"the constant must be an integer for {x.dtype}, found {self.constant_values}"
            raise OpError("dtype-mismatch", message, at="constant_values")
        return x.with_shape(*self._padded(x.shape))

    def _padded(self, shape: Shape) -> Shape:
        spare = {"reflect": 1, "symmetric": 0}.get(self.mode)
        for dim, pair in zip(shape, self.pad_width, strict=True):
            if spare is not None and less_equal(max(pair) + spare, dim) is False:
                message = f"mode {self.mode} cannot add {max(pair)} to an axis of size {dim}"
                raise OpError("impossible-size", message, at="pad_width")
        return tuple(dim + before + after for dim, (before, after) in zip(shape, self.pad_width, strict=True))
