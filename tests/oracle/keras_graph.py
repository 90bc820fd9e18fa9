"""Turns a live Keras model into a flat spec: a line for each layer or function, in Keras's own order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.op import Op

#: arguments that change no shape, count or cost
LEFT_OUT = ("_initializer", "_regularizer", "_constraint", "name", "dtype", "trainable", "seed")
#: keras.ops between tensors and numbers
SIGNS = {"Add": "+", "Multiply": "*", "Subtract": "-", "TrueDivide": "/"}
HEAD = "netwright: 1\nname: flat\ninputs:\n"


def flat_spec(model: Any) -> tuple[str, dict[int, Any]]:
    """The text of a spec of the same layers, and the node of each line."""
    names = {id(tensor): f"x{index}" for index, tensor in enumerate(model.inputs)}
    lines = [f"  {names[id(tensor)]}: f32[{', '.join(['N', *map(str, tensor.shape[1:])])}]" for tensor in model.inputs]
    lines.append("model: |")
    nodes = {}
    for node in nodes_of(model):
        (output,) = node.output_tensors
        operands = [names.get(id(item)) or literal(item) for item in taken(node)]
        names[id(output)] = f"y{len(nodes)}"
        lines.append(f"  {names[id(output)]} = {applied(node.operation, operands)}")
        nodes[HEAD.count("\n") + len(lines)] = node
    (output,) = model.outputs
    return HEAD + "\n".join([*lines, f"  {names[id(output)]}"]) + "\n", nodes


def nodes_of(model: Any) -> Iterator[Any]:
    """The applications of layers and functions in the model, in order, without its inputs."""
    for depth in sorted(model._nodes_by_depth, reverse=True):
        yield from (node for node in model._nodes_by_depth[depth] if not node.is_input)


def taken(node: Any) -> list[Any]:
    """The tensors that a node takes, with the numbers between them where a function takes some."""
    return list(node.arguments.args) if is_sign(node.operation) else node.input_tensors


def is_sign(operation: Any) -> bool:
    """Whether it is a function for a sign, and not the layer of that name."""
    return type(operation).__name__ in SIGNS and not hasattr(operation, "weights")


def applied(layer: Any, operands: list[str]) -> str:
    """The layer or function applied, as flow writes it. Two layers are not Keras's but a model's own."""
    kind = type(layer).__name__
    if is_sign(layer):
        return f" {SIGNS[kind]} ".join(operands)
    if kind == "CustomScaleLayer":  # InceptionResNetV2: x + scale * y
        return f"{operands[0]} + {layer.scale} * {operands[1]}"
    before = operands[0] if len(operands) == 1 else f"({', '.join(operands)})"
    if kind == "LayerScale":  # ConvNeXt: x * gamma, one number a channel
        return f'{before} -> einsum_dense("...c,c->...c", {layer.projection_dim})'
    return f"{before} -> {call(layer)}"


def call(layer: Any) -> str:
    """The layer with its configuration, or the layers of a chain."""
    if type(layer).__name__ == "Sequential":
        return " -> ".join(map(call, layer.layers))
    operator = find_operator(type(layer).__name__)
    assert operator is not None, type(layer).__name__
    given = ", ".join(f"{name}={literal(value)}" for name, value in arguments(operator, layer.get_config()))
    return f"{operator.name_in_flow}({given})" if given else operator.name_in_flow


def arguments(operator: type[Op], config: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the configuration says beyond the defaults."""
    for name, attribute in operator.attributes().items():
        if name in config and not name.endswith(LEFT_OUT):
            value = config[name]
            if attribute.required or value != attribute.default:
                yield name, value


def literal(value: Any) -> str:
    """A value of a configuration, as flow writes it."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(literal, value))}]"
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)
