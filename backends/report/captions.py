"""Owns the words of a drawing: how an operator, a call and a tensor's shape are written in a few characters. Knows no
layout and no file format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netwright.backends.report.numbers import count, short
from netwright.compiler.analysis import Parameters
from netwright.compiler.checks import to_json
from netwright.compiler.dims import Dim
from netwright.compiler.ir import Node, OpNode, RepeatNode
from netwright.compiler.model import Model
from netwright.compiler.ops.declared import Declared
from netwright.compiler.ops.op import Op
from netwright.compiler.types import TensorType
from netwright.compiler.values import BlockLayer, show
from netwright.dsl import tree

LONGEST = 44

#: attributes that matter to the one who computes, not to the one who looks
_UNSEEN = frozenset(
    "name dtype trainable autocast padding epsilon momentum use_bias seed return_sequences return_state data_format "
    "bias_initializer gamma_initializer beta_initializer".split()
)
_UNSEEN_ENDINGS = ("_initializer", "_regularizer", "_constraint")
#: sizes that are said even where they are the defaults
_ALWAYS = ("kernel_size", "pool_size", "size")


def cut(text: str, longest: int = LONGEST) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1].rstrip(" ,") + "…"


def operator_title(node: OpNode) -> tuple[str, str]:
    """Name and what characterises it: ('conv2d', '64, 3×3, /2')."""
    numbers = [_rounded(show(value.constant)) for value in node.operands if value.constant is not None]
    name = node.op.name_in_flow.removeprefix("ops.")
    return name, cut(", ".join(filter(None, [attributes_text(node.op), *numbers])))


def block_arguments(layer: BlockLayer) -> str:
    """What a block was called with, values for expressions; without what is at its default: '64, strides=2'."""
    pairs = zip(layer.block.parameters, layer.arguments, strict=True)
    return cut(", ".join(filter(None, (_argument(parameter, value) for parameter, value in pairs))))


def _argument(parameter: tree.Parameter, value: Any) -> str:
    default = parameter.default
    if default is None:
        return show(value)
    if isinstance(default, tree.Literal) and default.value == value:
        return ""
    return parameter.name if value is True else f"{parameter.name}={show(value)}"


def _rounded(number: str) -> str:
    return f"{float(number):.4g}" if len(number) > 8 else number


def attributes_text(op: Op) -> str:
    """The attributes that characterise an operator, the shortest way: '64, 3×3, /2, relu'."""
    given = op.given()
    always = {name: getattr(op, name) for name in _ALWAYS if hasattr(op, name)}
    shown = {name: {**always, **given}[name] for name in type(op).attributes() if name in given or name in _ALWAYS}
    return ", ".join(filter(None, (_attribute(op, name, value) for name, value in shown.items() if _is_seen(name))))


def _is_seen(name: str) -> bool:
    return name not in _UNSEEN and not name.endswith(_UNSEEN_ENDINGS)


def _attribute(op: Op, name: str, value: Any) -> str:
    if name in _FORMS:
        return _FORMS[name](value)
    if value is True:
        return name
    text = _bare(value) if isinstance(value, str | Declared) else show(_collapsed(value))
    return text if type(op).attributes()[name].required else f"{name}={text}"


def _collapsed(value: Any) -> Any:
    """((40, 40), (40, 40)) -> 40: rows of equal numbers are said once."""
    while isinstance(value, tuple) and len(value) > 1 and len(set(value)) == 1:
        value = value[0]
    return value


def _bare(value: str | Declared) -> str:
    """'relu' without quotes; lstm 64 for a layer in a wrapper."""
    if isinstance(value, Op):
        inside = attributes_text(value)
        return f"{value.name_in_flow} {inside}".rstrip()
    return show(value).strip('"')


def _times(value: Any) -> str:
    return "×".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _strides(value: Any) -> str:
    sizes = set(value) if isinstance(value, tuple) else {value}
    if sizes <= {1, None}:
        return ""
    return f"/{sizes.pop()}" if len(sizes) == 1 else f"/{_times(value)}"


def _activation(value: Any) -> str:
    return "" if value in (None, "linear") else _bare(value)


def _indices(value: tuple[Any, ...]) -> str:
    """[..., 0:64] as flow writes it."""
    return "[" + ", ".join(map(_index, value)) + "]"


def _index(value: Any) -> str:
    if not isinstance(value, tuple):
        return str(_bare(value)) if isinstance(value, str) else show(value)
    start, stop, *step = ("" if part is None else str(part) for part in value)
    return f"{start}:{stop}" + "".join(f":{part}" for part in step if part)


_FORMS: dict[str, Callable[[Any], str]] = {
    "kernel_size": _times,
    "pool_size": _times,
    "size": _times,
    "strides": _strides,
    "activation": _activation,
    "dilation_rate": lambda value: f"dilated {_times(value)}",
    "rate": str,
    "indices": _indices,
}


def shape_text(type: TensorType) -> str:
    """'N×56×56×64'; the dtype before it where it is not f32."""
    shape = "×".join(map(shape_dim, type.shape)) or "scalar"
    return shape if type.dtype == "f32" else f"{type.dtype} {shape}"


def shape_dim(dim: Dim) -> str:
    """One size among others: a formula in brackets."""
    return str(dim) if isinstance(dim, int) or str(dim).isidentifier() else f"({dim})"


def parameters_of(model: Model, node: Node) -> Parameters:
    """The weights of the node with all its copies, those of a shared layer included."""
    cost = model.analysis.of_node(node)
    return cost.parameters if node.instance is None else cost.parameters + cost.shared[node.instance]


def tooltip(model: Model, node: Node, path: str) -> str:
    """Path, place, outputs, parameters and MACs, a line each."""
    macs = model.for_one_example(model.analysis.of_node(node).macs)
    shapes = ", ".join(str(value.type) for value in node.outputs)
    copies = f" ({node.count} copies)" if isinstance(node, RepeatNode) else ""
    place = f"{node.span.source.name}:{node.span.line}"
    figures = f"{count(parameters_of(model, node).total)} parameters, {short(to_json(macs))} MACs{copies}"
    return "\n".join([path, place, shapes, figures])
