"""Owns what an operator is: `Op` with its shape rule, weights and cost; `Layer` (Keras layers, which hold
configuration common to all layers and cast floats) and `Function` (keras.ops). Knows no graph and no spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, NamedTuple

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import TYPES, AttributeType, attr
from netwright.compiler.ops.configuration import DType, Regularizer
from netwright.compiler.ops.declared import Declared, snake_case
from netwright.compiler.ops.registry import OPERATORS
from netwright.compiler.types import TensorType


class OpError(Exception):
    """An operator does not take its operands or attributes.

    code: a diagnostic code. at: the attribute's name, the operand's index, or None for the call as a whole.
    label: what is to be said at that place. help: how to mend it."""

    def __init__(
        self, code: str, message: str, *, at: str | int | None = None, label: str = "", help: str | None = None
    ) -> None:
        self.code = code
        self.message = message
        self.at = at
        self.label = label
        self.help = help
        super().__init__(message)


class Weight(NamedTuple):
    """An array that a layer owns. `name` is Keras's name of the variable; `initializer` a name or configuration."""

    name: str
    shape: tuple[Dim, ...]
    initializer: Any = "zeros"
    trainable: bool = True
    dtype: str = "f32"


class Joined(NamedTuple):
    """An initializer: the arrays of several ones after another along the last axis; parts are (size, initializer)."""

    parts: tuple[tuple[int, Any], ...]


class TensorArgument(AttributeType):
    """A tensor given by keyword where a layer is applied, or several of them. It is no part of the operator: the value
    goes to `infer` and `weights` by keyword, as a type or a tuple of types, and the attribute stays none."""

    def __init__(self, expected: str) -> None:
        self.expected = expected

    def convert(self, value: Any, owner: Any) -> Any:
        raise self.fault()


class _LayerName(AttributeType):
    """The name of a layer, which Keras makes paths of."""

    expected = "a name without '/'"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, str) and "/" not in value:
            return value
        raise self.fault()

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[^/]*$"}


TYPES |= {
    "Tensor": TensorArgument("a tensor"),
    "Tensors": TensorArgument("a list of tensors"),
    "LayerName": _LayerName(),
}

# what type checkers see behind the annotation names
Tensor = TensorType
Tensors = TensorType | tuple[TensorType | None, ...]
LayerName = str


class Op(Declared):
    """An operator: attributes, and what it makes of its operands.

    `operands` names the tensors it takes; those in `optional_operands` may be left out from the right.
    `variadic` operators take any number from `fewest` on, all as one. Methods get the operands' types in order
    (a variadic operator gets them all) and call-time tensors by keyword. The signatures below are written with Any so
    that a class may name its own operands."""

    operands: ClassVar[tuple[str, ...]] = ("x",)
    optional_operands: ClassVar[tuple[str, ...]] = ()
    variadic: ClassVar[bool] = False
    fewest: ClassVar[int] = 2
    #: how Keras is called with the operands: "positional" f(x, y, **attributes); "list" f([x, y], **attributes);
    #: "einsum" f(subscripts, x, y), the first attribute before the operands. A layer is called so, a function too
    convention: ClassVar[str] = "positional"
    #: whether Keras gives several outputs as lists in a list; here all stand one after another
    nests: ClassVar[bool] = False
    #: whether its tensor, of attributes alone, is made before a program is compiled: Keras cannot make it in there
    beforehand: ClassVar[bool] = False
    #: whether it runs a layer of flow, so that its application is laid out in `compiler/recurrences.py`
    runs_cell: ClassVar[bool] = False
    #: engines on which XLA does not compile it, or does so for inference alone
    not_run_on: ClassVar[tuple[str, ...]] = ()
    not_trained_on: ClassVar[tuple[str, ...]] = ()
    #: whether Keras can have it in a model inside its layer Pipeline alone
    in_pipeline: ClassVar[bool] = False
    #: which of "operands" and "outputs" its gradient is computed from
    gradient_reads: ClassVar[tuple[str, ...]] = ("operands",)
    #: Keras's other names for it, in snake case: ('convolution2d',)
    aliases: ClassVar[tuple[str, ...]] = ()
    #: set on base classes that are no operators themselves
    abstract: ClassVar[bool] = True

    def __init_subclass__(cls, *, abstract: bool = False, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.abstract = abstract
        if not abstract:
            cls._register()

    @classmethod
    def _register(cls) -> None:
        if "name_in_flow" not in cls.__dict__:
            cls.name_in_flow = snake_case(cls.__name__)
        for name in (cls.name_in_flow, *cls.__dict__.get("aliases", ())):
            OPERATORS[name] = cls

    def infer(self, *operands: Any, **tensors: Any) -> TensorType | tuple[TensorType, ...]:
        """The output's type, or a tuple of them. Raises OpError."""
        raise NotImplementedError

    def weights(self, *operands: Any, **tensors: Any) -> Iterable[Weight]:
        """The arrays an instance owns, in Keras's order of creation."""
        return ()

    def macs(self, *tensors: Any, **_: Any) -> Dim | None:
        """Multiply-adds of one application; gets the operands' types and then the outputs'. None: not known."""
        return 0

    def elementwise(self, *tensors: Any, **_: Any) -> Dim | None:
        """Floating-point operations beside the multiply-adds (one per element and function). None: not known."""
        return None

    def flops(self, *tensors: TensorType) -> Dim | None:
        """2 MACs + elementwise operations; None where either is not known."""
        macs, rest = self.macs(*tensors), self.elementwise(*tensors)
        return None if macs is None or rest is None else 2 * macs + rest

    def works_symbolically(self, *operands: Any, **tensors: Any) -> bool:
        """Whether Keras's functional models infer and compute it aright; where not, `emit` puts it in a Lambda."""
        return True

    def same_layer(self, *operands: Any, **tensors: Any) -> str:
        """Keras's layer of the same arguments that a functional model has in the place of the function: 'layers.X'."""
        return ""

    def workspace(self, *tensors: Any) -> Dim:
        """Elements made inside, beside operands and outputs, that are alive at once."""
        return 0

    def residuals(self, *tensors: Any) -> Dim:
        """Elements made inside, beside operands and outputs, that its gradient reads."""
        return self.workspace(*tensors)

    def untrained_on(self, *operands: TensorType) -> tuple[str, ...]:
        """Engines on which XLA does not compile it for training with such operands."""
        return self.not_trained_on

    def prepare(self, operand: TensorType) -> TensorType:
        """The operand as the operator receives it (layers cast floats to their dtype)."""
        return operand


class Layer(Op, abstract=True):
    """A Keras layer: floats are cast to its dtype (f32 unless `dtype` says otherwise) before `infer` sees them."""

    activity_regularizer: Regularizer | None = attr(default=None, keyword_only=True)
    trainable: bool = attr(default=True, keyword_only=True)
    dtype: DType | None = attr(default=None, keyword_only=True)
    autocast: bool = attr(default=True, keyword_only=True)
    name: LayerName | None = attr(default=None, keyword_only=True)

    @classmethod
    def _register(cls) -> None:
        if not cls.keras or "keras" not in cls.__dict__:
            cls.keras = f"layers.{cls.__name__}"
        super()._register()

    @property
    def compute_dtype(self) -> str:
        """The dtype that float operands are cast to and weights take part in."""
        return self.dtype or "f32"

    def weight(self, name: str, shape: tuple[Dim, ...], initializer: Any, trainable: bool = True) -> Weight:
        """An array of the layer's dtype. Where the spec gives none as initializer, Keras's own default."""
        return Weight(name, shape, initializer or "glorot_uniform", trainable, self.compute_dtype)

    def prepare(self, operand: TensorType) -> TensorType:
        if self.autocast and operand.is_float and operand.dtype != self.compute_dtype:
            return operand.with_dtype(self.compute_dtype)
        return operand

    def expect_cast(self, x: TensorType) -> None:
        """An operand that must be of the weights' dtype is so, which autocast=false may undo."""
        if x.dtype != self.compute_dtype:
            message = f"expected {self.compute_dtype}, the dtype of the layer, found {x.dtype}"
            raise OpError("dtype-mismatch", message, at=0, label=f"this is {x}", help="leave autocast=false out")


class Function(Op, abstract=True):
    """A function of tensors, from keras.ops: no weights, no casts. Each is also known as `ops.<name>`; one that a layer
    of the same name hides sets `name_in_flow = "ops.<name>"` and is known as that alone."""

    #: where Keras has it
    module: ClassVar[str] = "ops"

    @classmethod
    def _register(cls) -> None:
        if "name_in_flow" not in cls.__dict__:
            cls.name_in_flow = snake_case(cls.__name__)
        own = cls.name_in_flow.removeprefix(f"{cls.module}.")
        if "keras" not in cls.__dict__:
            cls.keras = f"{cls.module}.{own}"
        super()._register()
        for name in (own, *cls.__dict__.get("aliases", ())):
            OPERATORS[f"{cls.module}.{name}"] = cls


# ---------------------------------------------------------------- what shape rules share


def expect_rank(x: TensorType, *ranks: int, at: int = 0) -> None:
    """The operand has one of these ranks."""
    if x.rank not in ranks:
        wanted = " or ".join(map(str, ranks))
        message = f"expected a tensor of rank {wanted}, found rank {x.rank}"
        raise OpError("rank-mismatch", message, at=at, label=f"this is {x}")


def expect_min_rank(x: TensorType, rank: int, at: int = 0) -> None:
    """The operand has this rank or a higher one."""
    if x.rank < rank:
        message = f"expected a tensor of rank {rank} or more, found rank {x.rank}"
        raise OpError("rank-mismatch", message, at=at, label=f"this is {x}")


def known_size(dim: Dim, what: str, at: str | int = 0) -> int:
    """The dim as an integer; weights cannot have symbolic shapes. `what` names it: 'the number of channels'."""
    if isinstance(dim, int):
        return dim
    raise OpError(
        "unknown-size",
        f"{what} must be known when the model is compiled, found '{dim}'",
        at=at,
        help="give the size as a number or a param in the input's type",
    )


def normal_axis(axis: int, rank: int, at: str = "axis") -> int:
    """The axis counted from 0; negative ones count from the end."""
    if not -rank <= axis < rank:
        raise OpError("invalid-argument", f"axis {axis} is out of range for a tensor of rank {rank}", at=at)
    return axis % rank


def elements(types: Iterable[TensorType]) -> Dim:
    """The number of elements of all the tensors together."""
    total: Dim = 0
    for tensor in types:
        total = total + tensor.size
    return total


def operator_classes() -> Iterator[type[Op]]:
    """Every operator class, each once, in order of definition."""
    yield from dict.fromkeys(OPERATORS.values())


def operators_in(value: Any) -> Iterator[Op]:
    """An operator and those in its configuration."""
    if isinstance(value, Op):
        yield value
        value = tuple(value.given().values())
    if isinstance(value, tuple):
        for item in value:
            yield from operators_in(item)
