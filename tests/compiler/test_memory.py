"""Peak memory: what is alive at once, by hand and by published figures."""

from __future__ import annotations

import pytest

import netwright
from netwright.compiler.memory import Memory
from netwright.compiler.model import Model

KIB = 1024


def model(flow: str, inputs: str = '{x: "f32[N, 256]"}', blocks: str = "") -> Model:
    return netwright.compile(f"netwright: 1\nname: t\ninputs: {inputs}\n{blocks}model: |\n  {flow}\n")


@pytest.mark.parametrize(
    ("flow", "inference", "training"),
    [
        # in KiB of one example; training: x, y and the gradient of y
        ("x -> dense(512)", 1 + 2, 1 + 2 + 2),
        # x, 2 and 4 behind it; backward: x, 2, 4, the gradients of 4 and 2
        ("x -> dense(512) -> dense(1024)", 2 + 4, 1 + 2 + 4 + 4 + 2),
        # relu reads what it gave, and its operand is free
        ("x -> dense(512) -> relu -> dense(256)", 2 + 2, 1 + 2 + 1 + 2 + 2),
        # an activation inside is computed from the result
        ("x -> dense(512, activation=relu) -> dense(256)", 1 + 2, 1 + 2 + 1 + 1 + 2),
        # gelu from what was there before: 2 more are kept
        ("x -> dense(512, activation=gelu) -> dense(256)", 1 + 2, 1 + 2 + 2 + 1 + 1 + 2),
        # sums read nothing; y and the sum have gradients at once
        ("y = x -> dense(256)\n  y + x", 1 + 1 + 1, 1 + 1 + 1 + 1),
        # moving elements reads nothing
        ("x -> reshape([16, 16]) -> flatten -> dense(256)", 1 + 1, 1 + 1 + 1 + 1 + 1),
    ],
)
def test_small_models_by_hand(flow: str, inference: int, training: int) -> None:
    found = model(flow)
    assert (found.peak_memory(), found.peak_memory(training=True)) == (inference * KIB, training * KIB)
    assert found.peak_memory(8, dtype="bf16") == inference * KIB * 4


def test_unknown_sizes_are_unknown() -> None:
    found = model("x -> dense(8)", '{x: "f32[N, T, 256]"}')
    assert found.peak_memory(training=True) is None
    assert found.peak_memory(sizes={"T": 2}) == 2 * (KIB + 32)


LAYER = """blocks:
  x -> layer(h, a): |
    y = x -> layer_normalization -> h_attention(h, a)
    z = x + y
    z + (z -> layer_normalization -> dense(4 * h, activation=gelu) -> dense(h))
  x -> h_attention(h, a): (x, x) -> multi_head_attention(a, h // a)
"""


@pytest.mark.parametrize(("s", "b", "h", "a"), [(64, 2, 128, 4), (32, 1, 96, 8)])
@pytest.mark.parametrize("copies", ["layer(H, A) * 4", "layer(H, A) -> layer(H, A) -> layer(H, A) -> layer(H, A)"])
def test_a_layer_of_a_transformer_keeps_what_is_published(s: int, b: int, h: int, a: int, copies: str) -> None:
    """34 s b h + 5 a s² b bytes in 16 bits, 2 s b h and 3 a s² b of them for dropout, which is not here (Korthikanti et
    al. 2022, arXiv:2205.05198, equation 1)."""
    flow = copies.replace("H", str(h)).replace("A", str(a))
    found = model(f"x -> {flow} -> dense(1)", f'{{x: "f32[N, {s}, {h}]"}}', LAYER)
    graph = found.elaborated.graph
    assert graph is not None
    memory = Memory({"N": b}, "bf16")
    kept = [memory.kept(node) or 0 for node in graph.nodes[:-1]]
    assert sum(kept) == 4 * (32 * s * b * h + 2 * a * s * s * b)


def test_vgg16_keeps_the_output_of_every_layer() -> None:
    """The sizes stand in Simonyan & Zisserman 2014, table 1: each convolution with its ReLU, each pooling."""
    convolutions = 2 * 224**2 * 64 + 2 * 112**2 * 128 + 3 * 56**2 * 256 + 3 * 28**2 * 512 + 3 * 14**2 * 512
    pooled = 112**2 * 64 + 56**2 * 128 + 28**2 * 256 + 14**2 * 512 + 7**2 * 512
    found = netwright.compile("specs/vgg16.yaml")
    graph = found.elaborated.graph
    assert graph is not None
    memory = Memory({"N": 1})
    kept = sum(memory.kept(node) or 0 for node in graph.nodes)
    flat, softmax = 7**2 * 512, 1000
    assert kept == 4 * (convolutions + pooled + flat + 2 * 4096 + softmax)


@pytest.mark.parametrize("training", [False, True])
def test_a_repeat_takes_what_its_copies_take(training: bool) -> None:
    """But for its output, which is held until all copies are done."""
    layers = "(dense(256, activation=gelu) -> relu)"
    found = [
        model(f"x -> {flow} -> dense(1)").peak_memory(training=training) or 0
        for flow in (f"{layers} * 5", " -> ".join([layers] * 5))
    ]
    assert found[0] == found[1] + training * KIB


def test_training_takes_no_less_than_inference() -> None:
    for name in ("googlenet", "resnet50", "unet", "gpt2_small"):
        found = netwright.compile(f"specs/{name}.yaml")
        sizes = {"T": 64}
        inference, training = (found.peak_memory(2, sizes, training=which) for which in (False, True))
        assert inference is not None
        assert training is not None
        assert inference < training
