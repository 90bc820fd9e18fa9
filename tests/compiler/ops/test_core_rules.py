"""Core, normalization, activation, dropout and merging layers with symbolic sizes: shapes, refusals, costs, values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from netwright.compiler.dims import Dim, symbol
from netwright.compiler.ops.attributes import AttributeFault
from netwright.compiler.ops.catalogue import find_configuration, find_operator
from netwright.compiler.ops.op import Op, OpError
from netwright.compiler.ops.reference import describe
from netwright.compiler.ops.registry import OPERATORS
from netwright.compiler.types import TensorType

N, M, H, W, T, C = map(symbol, "NMHWTC")
Shape = tuple[Dim, ...]


def make(name: str, **values: Any) -> Op:
    cls = find_operator(name)
    assert cls is not None
    return cls.make(**values)


def infer(name: str, *shapes: Shape, dtype: str = "f32", **values: Any) -> str:
    return str(make(name, **values).infer(*(TensorType(dtype, shape) for shape in shapes)))


def refusal(call: Callable[[], Any]) -> tuple[str, Any]:
    with pytest.raises(OpError) as caught:
        call()
    return caught.value.code, caught.value.at


# ---------------------------------------------------------------- shapes


def test_symbolic_sizes_pass_through() -> None:
    assert infer("dense", (N, H, W, 3), units=8) == "f32[N, H, W, 8]"
    assert infer("embedding", (N, T), dtype="i32", input_dim=9, output_dim=4) == "f32[N, T, 4]"
    assert infer("reversible_embedding", (N, T, 4), input_dim=9, output_dim=4, reverse=True) == "f32[N, T, 9]"
    assert infer("einsum_dense", (N, T, 8), equation="abc,cde->abde", output_shape=(None, 2, 4)) == "f32[N, T, 2, 4]"
    assert infer("einsum_dense", (N, H, T, 8), equation="...x,xy->...y", output_shape=4) == "f32[N, H, T, 4]"
    assert infer("batch_normalization", (N, H, W, 3)) == "f32[N, H, W, 3]"
    assert infer("prelu", (N, H, W, 3), shared_axes=(1, 2)) == "f32[N, H, W, 3]"
    assert infer("glu", (N, 2 * C)) == "f32[N, C]"


def test_merging_aligns_with_the_last_axes_and_adds_sizes_up() -> None:
    assert infer("add", (N, H, W, 3), (N, 3), (N, 1, W, 1)) == "f32[N, H, W, 3]"
    assert infer("concatenate", (N, T, 3), (N, 4, 3), axis=1) == "f32[N, T + 4, 3]"
    assert infer("dot", (N, T, 8), (N, H, 8), axes=2) == "f32[N, T, H]"
    assert infer("dot", (N, 8), (N, 8), axes=1, normalize=True) == "f32[N, 1]"


def test_unknown_sizes_are_supposed_to_fit_and_the_known_one_is_kept() -> None:
    assert infer("add", (N, T, 3), (N, 5, 3)) == "f32[N, 5, 3]"
    assert infer("concatenate", (N, T, 3), (N, 5, 4)) == "f32[N, 5, 7]"
    assert infer("concatenate", (N, 2 * (H // 2), 3), (N, H, 3)) == "f32[N, 2*(H//2), 6]"
    assert infer("subtract", (N, 3), (M, 3)) == "f32[N, 3]"


# ---------------------------------------------------------------- refusals

REFUSED: list[tuple[str, str, Any, tuple[Shape, ...], dict[str, Any]]] = [
    ("dense", "rank-mismatch", 0, ((N,),), {"units": 3}),
    ("dense", "unknown-size", 0, ((N, C),), {"units": 3}),
    ("einsum_dense", "rank-mismatch", 0, ((N, T, 3, 3),), {"equation": "abc,cd->abd", "output_shape": (None, 4)}),
    ("einsum_dense", "undecidable", "output_shape", ((N, T, 3),), {"equation": "abc,cd->abd", "output_shape": (7, 4)}),
    (
        "einsum_dense",
        "shape-mismatch",
        "output_shape",
        ((N, 6, 3),),
        {"equation": "abc,cd->abd", "output_shape": (7, 4)},
    ),
    ("einsum_dense", "unknown-size", "output_shape", ((N, 3),), {"equation": "ab,bc->ac", "output_shape": (None,)}),
    ("reversible_embedding", "shape-mismatch", 0, ((N, 5),), {"input_dim": 9, "output_dim": 4, "reverse": True}),
    ("batch_normalization", "unknown-size", 0, ((N, C),), {}),
    ("layer_normalization", "invalid-argument", "axis", ((N, 3),), {"axis": 2}),
    ("layer_normalization", "invalid-argument", "axis", ((N, 3),), {"axis": (1, -1)}),
    ("group_normalization", "shape-mismatch", "groups", ((N, 12),), {"groups": 5}),
    ("group_normalization", "shape-mismatch", "groups", ((N, 12),), {}),
    ("rms_normalization", "shape-mismatch", "axis", ((N, 3, 4),), {"axis": 1}),
    ("prelu", "invalid-argument", "shared_axes", ((N, 3),), {"shared_axes": (0,)}),
    ("softmax", "invalid-argument", "axis", ((N, 3),), {"axis": 2}),
    ("glu", "impossible-size", 0, ((N, 5),), {}),
    ("dropout", "shape-mismatch", "noise_shape", ((N, 3),), {"rate": 0.5, "noise_shape": (None, 2)}),
    ("spatial_dropout1d", "rank-mismatch", 0, ((N, 3),), {"rate": 0.5}),
    ("add", "shape-mismatch", 2, ((N, 4), (N, 1), (N, 3)), {}),
    ("add", "shape-mismatch", 1, ((32, 4), (1, 4)), {}),
    ("subtract", "wrong-arity", None, ((N, 4),) * 3, {}),
    ("concatenate", "shape-mismatch", 1, ((N, 4, 3), (N, 5, 3)), {}),
    ("concatenate", "rank-mismatch", 1, ((N, 4, 3), (N, 3)), {}),
    ("dot", "shape-mismatch", "axes", ((N, 4), (N, 5)), {"axes": 1}),
    ("dot", "undecidable", "axes", ((N, T), (N, 5)), {"axes": 1}),
    ("dot", "invalid-argument", "axes", ((N, 4), (N, 4)), {"axes": 0}),
]


@pytest.mark.parametrize(("name", "code", "at", "shapes", "values"), REFUSED)
def test_what_cannot_be_is_refused(
    name: str, code: str, at: Any, shapes: tuple[Shape, ...], values: dict[str, Any]
) -> None:
    assert refusal(lambda: infer(name, *shapes, **values)) == (code, at)


@pytest.mark.parametrize(
    ("name", "at", "values"),
    [
        ("einsum_dense", "equation", {"equation": "ab,bc", "output_shape": 3}),
        ("einsum_dense", "equation", {"equation": "ab,bc->ad", "output_shape": 3}),
        ("einsum_dense", "equation", {"equation": "ab,bcd->ac", "output_shape": 3}),
        ("einsum_dense", "output_shape", {"equation": "abc,cd->abd", "output_shape": 3}),
        ("einsum_dense", "bias_axes", {"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "b"}),
        ("dense", "lora_rank", {"units": 3, "lora_rank": 2, "kernel_constraint": "non_neg"}),
        ("group_normalization", "groups", {"groups": 0}),
        ("dot", "axes", {"axes": (1, 2, 3)}),
    ],
)
def test_configuration_that_contradicts_itself_is_refused(name: str, at: str, values: dict[str, Any]) -> None:
    assert refusal(lambda: make(name, **values)) == ("invalid-argument", at)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("dense", {"units": 0}),
        ("dense", {"units": 2.5}),
        ("dense", {"units": True}),
        ("dense", {"units": 3, "activation": "softmx"}),
        ("dense", {"units": 3, "kernel_initializer": "he"}),
        ("dropout", {"rate": 1.5}),
        ("dropout", {"rate": 0.5, "noise_shape": (0, 1)}),
        ("leaky_relu", {"negative_slope": -1}),
        ("layer_normalization", {"axis": "last"}),
    ],
)
def test_attributes_take_their_type_only(name: str, values: dict[str, Any]) -> None:
    with pytest.raises(AttributeFault):
        make(name, **values)


def test_integers_are_refused_where_a_backend_refuses_them() -> None:
    for name in ("gelu", "elu", "unit_normalization", "rms_normalization"):
        assert refusal(lambda name=name: infer(name, (N, 4), dtype="i32"))[0] == "dtype-mismatch"  # type: ignore[misc]
    assert infer("relu", (N, 4), dtype="i32") == "i32[N, 4]"


# ---------------------------------------------------------------- activations as attributes


def test_an_activation_without_arguments_is_its_name() -> None:
    for op, normal in (("gelu", "gelu"), ("relu", "relu"), ("softmax", "softmax"), ("elu", "elu"), ("swish", "silu")):
        assert getattr(make("dense", units=3, activation=make(op)), "activation") == normal  # noqa: B009
    slope = make("leaky_relu")  # 0.3 as a layer, 0.2 by name
    assert make("dense", units=3, activation=slope) != make("dense", units=3, activation="leaky_relu")
    assert make("dense", units=3, activation=slope) == make("dense", units=3, activation=make("LeakyReLU"))


@pytest.mark.parametrize(
    ("activation", "words"),
    [
        ("glu", "`-> glu`"),
        (OPERATORS["prelu"].make(), "`-> prelu`"),
        ("threshold", "default_value"),
        ("reul", "`relu`"),
        ("softmx", "`softmax`"),
    ],
)
def test_what_is_no_activation_gets_help(activation: Any, words: str) -> None:
    with pytest.raises(AttributeFault) as caught:
        make("dense", units=3, activation=activation)
    assert words in (caught.value.help or "")


def test_activation_layers_and_functions_share_no_bare_name() -> None:
    for name in ("relu", "leaky_relu", "elu", "softmax"):
        assert (OPERATORS[name].keras.split(".")[0], OPERATORS[f"activations.{name}"].keras) == (
            "layers",
            f"activations.{name}",
        )


# ---------------------------------------------------------------- weights and costs


def test_weights_take_the_layer_dtype_and_keras_default_initializer() -> None:
    kernel, bias = make("dense", units=3, dtype="f16", bias_initializer=None).weights(TensorType("f16", (N, 4)))
    assert (kernel.dtype, bias.initializer) == ("f16", "glorot_uniform")


def test_costs_count_multiply_adds_and_the_rest_apart() -> None:
    x, y = TensorType("f32", (N, T, 16)), TensorType("f32", (N, T, 8))
    assert make("dense", units=8, activation="relu").macs(x, y) == N * T * 16 * 8
    assert make("dense", units=8, activation="relu").elementwise(x, y) == 2 * N * T * 8
    assert make("embedding", input_dim=9, output_dim=8).macs(TensorType("i32", (N, T)), y) == 0
    heads = make("einsum_dense", equation="abc,cde->abde", output_shape=(None, 2, 4))
    assert heads.macs(x, TensorType("f32", (N, T, 2, 4))) == N * T * 16 * 8
    assert make("dot", axes=2).macs(x, x, TensorType("f32", (N, T, T))) == N * T * T * 16
    assert make("add").elementwise(x, x, x, x) == 2 * x.size
    assert make("batch_normalization", center=False).elementwise(x, x) == 3 * x.size


# ---------------------------------------------------------------- configuration objects and pages


def test_configuration_objects_are_found_by_every_name_of_keras() -> None:
    assert find_configuration("HeNormal") is find_configuration("he_normal", "initializers")
    assert find_configuration("l1_l2") is find_configuration("L1L2") is find_configuration("l1l2")
    assert find_configuration("Henormal") is None


def test_initializers_know_the_ranks_they_fill() -> None:
    from netwright.compiler.ops.initializers import HeNormal, Identity, Orthogonal

    takes = [[cls({}).takes_rank(rank) for rank in (1, 2, 4)] for cls in (HeNormal, Orthogonal, Identity)]
    assert takes == [[True, True, True], [False, True, True], [False, True, False]]


def test_a_page_says_what_a_spec_may_write() -> None:
    page = describe(OPERATORS["dropout"])
    assert (page.keras, page.attributes[0].name, page.attributes[0].default) == ("layers.Dropout", "rate", "")
    assert page.signature.startswith("x -> dropout(rate, noise_shape=none, seed=none, ")
    assert "0 to 1" in page.attributes[0].expected


def test_every_page_can_be_made() -> None:
    assert all(describe(cls).formula for cls in OPERATORS.values())
