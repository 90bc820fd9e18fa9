"""Owns running externs, layers of the user's own: which modules may be imported, and that the class is what its
declaration says. A fault of theirs is a diagnostic at the declaration."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any, NoReturn

from netwright.backends.keras.objects import Sizes, keras_callable, keras_object
from netwright.backends.xla.leaves import Applied, Arrays, LayerLeaf, Leaf, as_tuple, symbolic
from netwright.compiler.dims import SymbolicDim, evaluate
from netwright.compiler.dtypes import keras_dtype
from netwright.compiler.externs import ExternLayer
from netwright.compiler.ir import OpNode
from netwright.compiler.scope import Module
from netwright.compiler.types import TensorType
from netwright.dsl.diagnostics import Diagnostic, SpecError
from netwright.dsl.source import Span
from netwright.dsl.tree import Extern


def check_allowed(modules: Iterable[Module], allowed: Sequence[str]) -> None:
    """Raise SpecError for externs whose modules nobody has allowed to be imported. All that are declared count: the
    emitted model, which weights are saved through, has branches that these params do not take."""
    declared = (extern for module in modules for extern in module.spec.externs)
    refused = [extern for extern in declared if not _is_allowed(extern.module, allowed)]
    if refused:
        raise SpecError([_refusal(extern) for extern in refused])


def _is_allowed(module: str, allowed: Sequence[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


def _refusal(extern: Extern) -> Diagnostic:
    message = f"{extern.name} needs {extern.module} imported, which a spec may not do by itself"
    help = f'if you trust that module: `--allow-extern {extern.module}`; in Python `allow_extern=["{extern.module}"]`'
    return Diagnostic("not-supported", message, extern.python_span, help=help)


def check_names(leaves: Iterable[Leaf]) -> None:
    """Refuse a class that gives all its layers one name where there are several: Keras has no model of them, and so no
    weights could be saved. One leaf for each site."""
    seen: set[str] = set()
    for leaf in leaves:
        name = leaf.fixed_name if isinstance(leaf, ExternLeaf) else None
        if isinstance(leaf, ExternLeaf) and name in seen:
            own = leaf.op.declaration
            message = f"every {own.class_name} is called '{name}', and no two layers of a Keras model are called alike"
            help = "let the class hand the name on: `def __init__(self, **options): super().__init__(**options)`"
            _fail(leaf.op, message, own.python_span, help)
        seen.update(() if name is None else (name,))


class ExternLeaf(LayerLeaf):
    """A layer of the user's own, which is held to its declaration: when it is made, and whenever it is applied."""

    op: ExternLayer

    def __init__(self, node: OpNode) -> None:
        assert isinstance(node.op, ExternLayer)
        self._types = tuple(value.type for value in node.operands)
        _check_class(node.op)
        with _blamed(node.op):
            super().__init__(node)
        _check_counts(node.op, self.layer, self._types)
        #: the name that the class gives its layers, where it leaves none to Keras
        self.fixed_name = self.layer.name if keras_object(node.op).name == self.layer.name else None

    def _build(self, node: OpNode) -> None:
        outputs = self._call([symbolic(type) for type in self._types], {})
        _check_outputs(self.op, self._types, as_tuple(outputs), {}, self.layer.compute_dtype)

    def __call__(
        self, operands: Sequence[Any], keywords: Mapping[str, Any], arrays: Arrays, sizes: Sizes, training: bool
    ) -> Applied:
        with _blamed(self.op):
            applied = super().__call__(operands, keywords, arrays, sizes, training)
        _check_outputs(self.op, self._types, applied.outputs, sizes, self.layer.compute_dtype)
        return applied

    def first_values(self, seed: int) -> Arrays:
        """The weights as the class itself fills them, drawn from the seed, by slot."""
        import keras

        with _seeded(seed), _blamed(self.op):
            made = keras_object(self.op)
            made(*(symbolic(type) for type in self._types))
        own = [slot.name for slot in self.slots if slot.weight is not None]
        return {name: keras.ops.convert_to_numpy(weight) for name, weight in zip(own, made.weights, strict=True)}


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Keras's initializers without a seed take one from Python's generator, which is left as it was."""
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)


# ---------------------------------------------------------------- faults


@contextmanager
def _blamed(op: ExternLayer, what: str = "") -> Iterator[None]:
    """What the user's code raises becomes a diagnostic."""
    try:
        yield
    except SpecError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the user's code raises
        said = str(error).strip().partition("\n")[0]
        found = f"{type(error).__name__}: {said}" if said else type(error).__name__
        _fail(op, f"{what or op.declaration.class_name + ' fails'}: {found}", op.declaration.python_span)


def _fail(op: ExternLayer, message: str, span: Span, help: str | None = None) -> NoReturn:
    raise SpecError([Diagnostic("invalid-argument", f"{op.name_in_flow}: {message}", span, help=help)])


# ---------------------------------------------------------------- what is declared


def _check_class(op: ExternLayer) -> None:
    """Import the class, and refuse what is no Keras layer."""
    import keras

    extern = op.declaration
    with _blamed(op, f"{extern.class_name} cannot be imported from {extern.module}"):
        found: Any = keras_callable(op.keras)
    if not (isinstance(found, type) and issubclass(found, keras.Layer)):
        _fail(op, f"{extern.module}:{extern.class_name} is no class of Keras layers", extern.python_span)


def _check_counts(op: ExternLayer, layer: Any, types: tuple[TensorType, ...]) -> None:
    """Refuse a layer with other numbers of weights than are declared."""
    claims, extern = op.claims(types), op.declaration
    for key, trainable in (("params", True), ("non_trainable_params", False)):
        wanted = getattr(claims, key)
        found = sum(prod(weight.shape) for weight in layer.weights if weight.trainable is trainable)
        if found != wanted:
            message = f"`{key}` is {wanted:,} here, and {extern.class_name} has {found:,}"
            help = f"write `{key}: {found}`, or a formula for it"
            _fail(op, message, getattr(extern, key).span, help)


def _check_outputs(
    op: ExternLayer, types: tuple[TensorType, ...], outputs: Sequence[Any], sizes: Mapping[str, int], computed: str
) -> None:
    """Refuse outputs of other types than are declared; what is not known yet is left open, and the dtype that the layer
    computes in may stand for f32."""
    wanted, extern = op.claims(types).outputs, op.declaration
    if len(outputs) != len(wanted):
        counted = f"{len(wanted)} tensor{'' if len(wanted) == 1 else 's'}"
        message = f"{counted} declared, and {extern.class_name} gives {len(outputs)}"
        _fail(op, message, extern.results[0].span.to(extern.results[-1].span))
    for output, type, result in zip(outputs, wanted, extern.results, strict=True):
        if not _fits(output, type, sizes, computed):
            shape = ", ".join("?" if size is None else str(size) for size in output.shape)
            found = f"{_dtype(output)}[{shape}]"
            _fail(op, f"{type} declared, and {extern.class_name} gives {found}", result.span)


def _fits(output: Any, type: TensorType, sizes: Mapping[str, int], computed: str) -> bool:
    pairs = zip(type.shape, output.shape, strict=False)
    alike = len(output.shape) == type.rank and all(_agree(dim, size, sizes) for dim, size in pairs)
    wanted = (keras_dtype(type.dtype), *([computed] if type.dtype == "f32" else []))
    # JAX has 32 bits for 64
    return alike and _dtype(output).replace("64", "32") in [dtype.replace("64", "32") for dtype in wanted]


def _agree(dim: Any, size: int | None, sizes: Mapping[str, int]) -> bool:
    if size is None:
        return True
    try:
        return bool((evaluate(dim, sizes) if isinstance(dim, SymbolicDim) else dim) == size)
    except KeyError:
        return True


def _dtype(tensor: Any) -> str:
    import keras

    return str(keras.backend.standardize_dtype(tensor.dtype))
