"""Owns the dtypes: their names here and in Keras, their sizes, and how they promote. Knows nothing of tensors."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

KERAS_NAMES: Mapping[str, str] = {
    "f16": "float16",
    "bf16": "bfloat16",
    "f32": "float32",
    "f64": "float64",
    "i8": "int8",
    "i16": "int16",
    "i32": "int32",
    "i64": "int64",
    "u8": "uint8",
    "u16": "uint16",
    "u32": "uint32",
    "u64": "uint64",
    "bool": "bool",
    "str": "string",
}
DTYPES: tuple[str, ...] = tuple(KERAS_NAMES)
_FROM_KERAS = {keras: name for name, keras in KERAS_NAMES.items()}

# A str has no fixed size, so it stands in no row.
BYTE_SIZES: Mapping[str, int] = {
    "bool": 1,
    "i8": 1,
    "u8": 1,
    "f16": 2,
    "bf16": 2,
    "i16": 2,
    "u16": 2,
    "f32": 4,
    "i32": 4,
    "u32": 4,
    "f64": 8,
    "i64": 8,
    "u64": 8,
}

WEAK = ("int", "float")
_SCALARS: Mapping[type, str] = {bool: "bool", int: "int", float: "float"}

# Each dtype and those directly above it: the lattice of JAX that keras/src/backend/common/dtypes.py uses.
_ABOVE: Mapping[str, tuple[str, ...]] = {
    "bool": ("int",),
    "u8": ("i16", "u16"),
    "u16": ("i32", "u32"),
    "u32": ("i64", "u64"),
    "u64": ("float",),
    "int": ("u8", "i8"),
    "i8": ("i16",),
    "i16": ("i32",),
    "i32": ("i64",),
    "i64": ("float",),
    "float": ("bf16", "f16"),
    "bf16": ("f32",),
    "f16": ("f32",),
    "f32": ("f64",),
    "f64": (),
}
_RESOLVED = {"int": "i32", "float": "f32", "u64": "u32"}  # weak kinds at floatx = float32; Keras never yields u64
_NARROWED = {"i64": "i32", "f64": "f32"}


class PromotionError(ValueError):
    """The dtypes have no common dtype: one is str and another is not."""


def keras_dtype(dtype: str) -> str:
    """f32 -> float32. Raises KeyError for what is no dtype."""
    return KERAS_NAMES[dtype]


def from_keras_dtype(name: str) -> str:
    """float32 -> f32. Raises KeyError for a Keras dtype without counterpart (complex, float8)."""
    return _FROM_KERAS[name]


def byte_size(dtype: str) -> int | None:
    """Bytes of one element; None for str, whose elements have no fixed size."""
    return BYTE_SIZES.get(dtype)


def is_float(dtype: str) -> bool:
    return dtype in ("f16", "bf16", "f32", "f64")


def is_integer(dtype: str) -> bool:
    """Signed or unsigned; bool is not one."""
    return dtype[0] in "iu" and dtype in KERAS_NAMES


def promote(*dtypes: str | type, narrow: bool = False) -> str:
    """The dtype of an operation over `dtypes`, as keras.backend.result_type of Keras 3.15.1 has it.

    "int" and "float" (or the types int and float) are Python scalars, which promote weakly. `narrow` is the rule
    of the JAX backend, which has no 64-bit types; TensorFlow's keeps i64 and f64. Raises PromotionError."""
    names = [_SCALARS[dtype] if isinstance(dtype, type) else dtype for dtype in dtypes]
    result = _RESOLVED.get(found := _least_upper_bound(names), found)
    return _NARROWED.get(result, result) if narrow else result


def _least_upper_bound(names: list[str]) -> str:
    if not names:
        return "float"
    if len(set(names)) == 1:
        return names[0]
    if "str" in names:
        raise PromotionError(f"{', '.join(names)} have no common dtype")
    common = set.intersection(*(_UPPER_BOUNDS[name] for name in names))
    return next(name for name in common if common <= _UPPER_BOUNDS[name])


def _upper_bounds(name: str) -> set[str]:
    return {name}.union(*(_upper_bounds(above) for above in _ABOVE[name]))


_UPPER_BOUNDS = {name: _upper_bounds(name) for name in _ABOVE}
