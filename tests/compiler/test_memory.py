"""Peak memory: what is alive at once, by hand and by published figures."""

from __future__ import annotations

import pytest

import netwright
from netwright.backends.report.summary import summary_rows
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


WIDE = """blocks:
  x -> wide: x -> dense(1024) -> relu -> dense(256)
  x -> within: x -> wide
"""


def peaks(found: Model) -> dict[str, tuple[float | None, float | None]]:
    """Of each row, in inference and in training, in KiB."""
    rows = summary_rows(found)
    return {
        row.path: (row.peak_bytes and row.peak_bytes / KIB, row.peak_training_bytes and row.peak_training_bytes / KIB)
        for row in rows
    }


def test_layers_and_blocks_by_hand() -> None:
    """In KiB: x, y, what wide gives and their gradients 1 each, a and r inside it 4, a free when r is there."""
    found = peaks(model("y = x -> dense(256)\n  y + (y -> wide)", blocks=WIDE))
    assert found == {
        "dense": (1 + 1, 1 + 1),  # x, y; x and dy: the model's inputs get no gradient
        "wide": (4 + 4, 1 + 4 + 4 + 4),  # a, r; y, r, da, dr
        "wide/dense[0]": (1 + 4, 1 + 4 + 1),  # y, a; y, da, dy
        "wide/relu": (4 + 4, 4 + 4 + 4),  # a, r; r, dr, da
        "wide/dense[1]": (4 + 1, 4 + 1 + 4),
        "add": (1 + 1 + 1, 1 + 1 + 1),
    }


def test_what_reads_the_model_s_input_gives_it_no_gradient_at_any_depth() -> None:
    for flow, path in (("x -> wide", "wide/dense[0]"), ("x -> within", "within/wide/dense[0]")):
        assert peaks(model(flow, blocks=WIDE))[path] == (1 + 4, 1 + 4)
    assert peaks(model("x -> relu -> within", blocks=WIDE))["within/wide/dense[0]"] == (1 + 4, 1 + 4 + 1)
    # later copies give one to those before
    assert peaks(model("x -> wide * 2", blocks=WIDE))["wide[0..1]/dense[0]"] == (1 + 4, 1 + 4 + 1)


def test_a_repeat_s_row_is_that_of_all_its_copies() -> None:
    """The first keeps its r, 4, and what it gave to the next, 1."""
    found = peaks(model("x -> relu -> wide * 2", blocks=WIDE))
    assert found["wide[0..1]"] == (4 + 4, (4 + 1) + 1 + 4 + 4 + 4)


@pytest.mark.parametrize(
    "flow",
    [
        "y = x -> dense(256)\n  y + (y -> WIDE)",
        "y = x -> dense(256)\n  y + (y -> WIDE -> WIDE -> WIDE)",
        "y = x -> dense(256)\n  y -> WIDE -> relu",
    ],
)
def test_blocks_take_in_inference_what_is_in_them_takes(flow: str) -> None:
    """What others read later stays while a block runs, and what nobody does is freed inside it."""
    flat = model(flow.replace("WIDE", "dense(1024) -> relu -> dense(256)")).peak_memory()
    assert flat == KIB * (4 + 4 + ("y +" in flow))
    for blocks in ("wide", "within", "wide * 1"):
        assert model(flow.replace("WIDE", blocks), blocks=WIDE).peak_memory() == flat
    assert (
        model(flow.replace("WIDE -> WIDE -> WIDE", "wide * 3").replace("WIDE", "wide"), blocks=WIDE).peak_memory()
        == flat
    )


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


@pytest.mark.parametrize(("s", "b", "h", "a"), [(64, 2, 128, 4), (32, 1, 96, 8)])
def test_attention_takes_what_is_published(s: int, b: int, h: int, a: int) -> None:
    """Q, K, V, what the projection reads and the softmax, 8 s b h + 2 a s² b bytes in 16 bits (Korthikanti et al. 2022,
    4.1), beside an operand and an output of 2 s b h each; in training the gradients of all but of weights too."""
    found = model(f"x -> relu -> h_attention({h}, {a})", f'{{x: "f32[N, {s}, {h}]"}}', LAYER)
    row = list(summary_rows(found, batch=b, dtype="bf16"))[-1]
    inside = 8 * s * b * h + 2 * a * s * s * b
    assert row.kind == "multi_head_attention"
    assert row.peak_bytes == inside + 4 * s * b * h
    assert row.peak_training_bytes == 2 * inside + 6 * s * b * h


def test_vgg16_keeps_the_output_of_every_layer() -> None:
    """The sizes stand in Simonyan & Zisserman 2014, table 1: each convolution with its ReLU, each pooling."""
    convolutions = 2 * 224**2 * 64 + 2 * 112**2 * 128 + 3 * 56**2 * 256 + 3 * 28**2 * 512 + 3 * 14**2 * 512
    pooled = 112**2 * 64 + 56**2 * 128 + 28**2 * 256 + 14**2 * 512 + 7**2 * 512
    found = netwright.compile("specs/vgg.yaml")
    graph = found.elaborated.graph
    assert graph is not None
    memory = Memory({"N": 1})
    kept = sum(memory.kept(node) or 0 for node in graph.nodes)
    flat, hidden, dropped, softmax = 7**2 * 512, 2 * 4096, 2 * 4096, 1000
    assert kept == 4 * (convolutions + pooled + flat + hidden + dropped + softmax)


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
    for name in ("googlenet", "resnet", "unet", "gpt2"):
        found = netwright.compile(f"specs/{name}.yaml")
        sizes = {"T": 64}
        inference, training = (found.peak_memory(2, sizes, training=which) for which in (False, True))
        assert inference is not None
        assert training is not None
        assert inference < training


@pytest.mark.parametrize("name", ["bilstm_timit", "googlenet", "mnist_mlp", "resnet", "siamese", "transformer"])
def test_no_layer_takes_more_than_the_model(name: str) -> None:
    found = netwright.compile(f"specs/{name}.yaml")
    free = [dim for tensor in found.inputs.values() for dim in tensor.shape[1:] if isinstance(dim, str)]
    found = netwright.compile(f"specs/{name}.yaml", params=dict.fromkeys(free, 16))
    inference, training = (found.peak_memory(training=which) or 0 for which in (False, True))
    for row in summary_rows(found):
        assert row.peak_bytes is not None
        assert row.peak_training_bytes is not None
        assert row.peak_bytes <= min(inference, row.peak_training_bytes)
        assert row.peak_training_bytes <= training


def test_what_is_computed_again_is_not_kept() -> None:
    """In KiB: 1 for each tensor between two copies; inside a copy a and r, 4 each, of which r is kept. A copy that is
    computed again has r, its output, and the gradients of r and a."""
    text = f'netwright: 1\nname: t\ninputs: {{x: "f32[N, 256]"}}\n{WIDE}model: x -> dense(256) -> wide * 4\n'
    for remat, kept, peak in (
        ("none", 4 * 4 + 3, 1 + 1 + 1 + 3 + 4 * 4 + 4 + 4),
        ("block", 3, 1 + 1 + 1 + 3 + 4 + 1 + 4 + 4),
    ):
        found = netwright.compile(f"{text}train: {{loss: mse, remat: {remat}}}\n")
        rows = {row.path: row.kept_bytes for row in summary_rows(found)}
        assert (rows["wide[0..3]"], found.peak_memory(training=True)) == (kept * KIB, peak * KIB)
