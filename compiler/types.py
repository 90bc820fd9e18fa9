"""Owns `TensorType`, a dtype with a shape, and how shapes broadcast. Knows no operator and no diagnostic."""

from __future__ import annotations

from netwright.compiler.dims import Dim, equal, substitute
from netwright.compiler.dtypes import KERAS_NAMES, byte_size, is_float, is_integer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import NoReturn

Shape = tuple[Dim, ...]


class TensorType:
    """dtype[shape]; immutable. `shape` holds ints and symbolic dims."""

    __slots__ = ("dtype", "shape")
    dtype: str
    shape: Shape
    #: of a number written beside tensors: see NumberType
    weak = False

    def __init__(self, dtype: str, shape: Iterable[Dim]) -> None:
        if dtype not in KERAS_NAMES:
            from netwright.dsl.diagnostics import CompilerBug

            raise CompilerBug(f"{dtype!r} is not a dtype")
        object.__setattr__(self, "dtype", dtype)
        object.__setattr__(self, "shape", tuple(shape))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a TensorType cannot be changed")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[TensorType], tuple[str, Shape]]:
        return TensorType, (self.dtype, self.shape)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TensorType):
            return NotImplemented
        return self.dtype == other.dtype and self.shape == other.shape and self.weak == other.weak

    def __hash__(self) -> int:
        return hash((self.dtype, self.shape))

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"

    __repr__ = __str__

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def is_float(self) -> bool:
        return is_float(self.dtype)

    @property
    def is_integer(self) -> bool:
        """Signed or unsigned; bool is not one."""
        return is_integer(self.dtype)

    @property
    def size(self) -> Dim:
        """The number of elements; 1 for a scalar."""
        size: Dim = 1
        for dim in self.shape:
            size = size * dim
        return size

    @property
    def bytes(self) -> Dim | None:
        """size times the bytes of an element; None for str, whose elements have no fixed size."""
        each = byte_size(self.dtype)
        return None if each is None else self.size * each

    def with_shape(self, *dims: Dim) -> TensorType:
        return TensorType(self.dtype, dims)

    def with_dtype(self, dtype: str) -> TensorType:
        return TensorType(dtype, self.shape)

    def substitute(self, mapping: Mapping[str, Dim]) -> TensorType:
        """The type with dims in the place of symbols."""
        return TensorType(self.dtype, (substitute(dim, mapping) for dim in self.shape))

    def to_json(self) -> dict[str, object]:
        """{"dtype": "f32", "shape": ["N", 10]}: ints stay ints, symbolic dims become their text."""
        return {"dtype": self.dtype, "shape": [dim if isinstance(dim, int) else str(dim) for dim in self.shape]}


class NumberType(TensorType):
    """The type of a Python number written beside tensors, i32[] or f32[]. It promotes weakly: an f16 tensor plus 2.0
    is f16, an i8 tensor plus 2 is i8."""

    __slots__ = ()
    weak = True

    def __init__(self, dtype: str) -> None:
        super().__init__(dtype, ())

    @staticmethod
    def of(number: float) -> NumberType:
        """The type of 2 is i32[], of 2.0 f32[], of True bool[]."""
        return NumberType("bool" if isinstance(number, bool) else "i32" if isinstance(number, int) else "f32")

    def __reduce__(self) -> tuple[type[NumberType], tuple[str]]:  # type: ignore[override]
        return NumberType, (self.dtype,)


class BroadcastError(ValueError):
    """Two shapes that do not broadcast. `axis` is negative, so it counts from the end in both."""

    def __init__(self, left_shape: Shape, right_shape: Shape, axis: int) -> None:
        self.left_shape = left_shape
        self.right_shape = right_shape
        self.axis = axis
        self.left_dim: Dim = left_shape[axis]
        self.right_dim: Dim = right_shape[axis]
        super().__init__(f"{_shape_text(left_shape)} and {_shape_text(right_shape)} {self.verdict} at axis {axis}")

    verdict = "do not broadcast"


class BroadcastUndecidable(BroadcastError):
    """Whether they broadcast depends on the sizes: `left_dim` and `right_dim` may be equal, or 1, or neither."""

    verdict = "cannot be seen to broadcast"


def _shape_text(shape: Shape) -> str:
    return f"[{', '.join(map(str, shape))}]"


def broadcast_shapes(*shapes: Shape) -> Shape:
    """The common shape by NumPy's rule, [] for none. Raises BroadcastError, BroadcastUndecidable for the first
    axis (from the end) that fails; a refuted axis is told before one that is undecided."""
    result: Shape = ()
    for shape in shapes:
        result = _broadcast_two(result, tuple(shape))
    return result


def _broadcast_two(left: Shape, right: Shape) -> Shape:
    shared = min(len(left), len(right))
    longer = left if len(left) >= len(right) else right
    dims: list[Dim] = []
    undecided: BroadcastUndecidable | None = None
    for axis in range(-1, -shared - 1, -1):
        dim = _broadcast_dims(left[axis], right[axis])
        if not isinstance(dim, type):
            dims.append(dim)
        elif dim is BroadcastUndecidable:
            undecided = undecided or BroadcastUndecidable(left, right, axis)
        else:
            raise dim(left, right, axis)
    if undecided is not None:
        raise undecided
    return (*longer[: len(longer) - shared], *reversed(dims))


def _broadcast_dims(left: Dim, right: Dim) -> Dim | type[BroadcastError]:
    """The common dim, or what to raise."""
    if right in (left, 1):
        return left
    if left == 1:
        return right
    alike = equal(left, right)
    if alike:
        return left
    refuted = alike is False and equal(left, 1) is False and equal(right, 1) is False
    return BroadcastError if refuted else BroadcastUndecidable
