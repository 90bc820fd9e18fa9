"""The functions of keras.ops that networks are made of, run directly and in the emitted Keras model, on the engine of
KERAS_BACKEND (see `test_program_engines.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from xla.families import Family
from xla.on_engine_functions import family

from netwright.backends.keras.emit import emit
from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.sites import sites_of
from netwright.backends.xla.support import check_compiled
from netwright.dsl.diagnostics import SpecError

pytestmark = pytest.mark.keras

FAMILIES = {
    "windows": family(
        {
            "x": "f32[2, 6, 6, 4]",
            "k": "f32[3, 3, 4, 5]",
            "d": "f32[3, 3, 4, 2]",
            "p": "f32[1, 1, 8, 3]",
            "t": "f32[3, 3, 5, 4]",
            "c": "f32[2, 12, 25]",
        },
        "x -> max_pool([2, 3], 1) -> average_pool(2, 1, padding=same)",
        "x -> adaptive_average_pool([3, 4]) -> flatten -> dense(3)",
        "x -> adaptive_max_pool(4)",
        "(x, k) -> conv(2, padding=same)",
        "(x, d) -> depthwise_conv",
        '(x, d, p) -> separable_conv(1, "same")',
        "(x, t) -> conv_transpose(2)",
        "x -> depth_to_space(2) -> space_to_depth(4)",
        "x -> unfold([2, 3], stride=2)",
        "c -> fold([6, 6], 2)",
    ),
    "norms": family(
        {
            "x": "f32[2, 6, 6, 4]",
            "v": "f32[4]",
            "q": "f32[2, 5, 4, 6]",
            "k": "f32[2, 3, 2, 6]",
            "ids": "i32[2, 4]",
            "target": "i32[2, 2]",
            "b": "f32[2, 1, 5, 3]",
            "lengths": "i32[2]",
        },
        "mean, variance = x -> moments([0, 1])",
        "x -> normalize(axis=[1, 2])",
        "x -> normalize(order=3, epsilon=1e-3)",
        "(x, v, v) -> ops.batch_normalization(-1)(scale=v, offset=v)",
        "x -> ops.layer_normalization(gamma=v, beta=v, epsilon=1e-3)",
        "x -> ops.rms_normalization(scale=v)",
        "(q, k, k) -> dot_product_attention(is_causal=true, bias=b)",
        "(q, k, k) -> dot_product_attention(mask=b > 0.5, scale=0.3)",
        "ids -> multi_hot(9)",
        "(x / 2, x / 2) -> ops.categorical_crossentropy(axis=1)",
        "(x / 2, x) -> ops.binary_crossentropy(from_logits=true)",
        "(target[:, 0] // 3, x[:, 0, 0] / 3) -> ops.sparse_categorical_crossentropy(from_logits=true)",
        "(x, x * x) -> psnr(2)",
        "(target, x[:, 0], lengths // 8 + 1, lengths // 8 + 5) -> ctc_loss",
    ),
    "matrices": family(
        {"x": "f32[2, 4, 3]", "b": "f32[2, 3, 2]", "v": "f32[3]"},
        "each = (x -> transpose([0, 2, 1])) @ x + eye(3)",
        "each -> inv",
        "each -> cholesky(upper=true)",
        "each[0] -> cholesky -> cholesky_inverse",
        "each -> logdet",
        "(each -> eigh)[0]",
        "(each -> eigh)[1] * (each -> eigh)[1]",  # the signs of vectors are open
        "q, r = x -> qr",
        "(x -> svd(false))[0] * (x -> svd(false))[0]",
        "(x -> svd)[2] * (x -> svd)[2]",
        "(each -> svd)[0] * (each -> svd)[0]",
        "x -> svd(compute_uv=false)",
        "x -> pinv",
        "x -> matrix_rank(0.1)",
        "(each, b) -> solve",
        "(each[0], v) -> solve",
        "(each, b) -> solve_triangular(lower=true)",
        "(x[0], x[0]) -> lstsq",
        "(x, b -> transpose([0, 2, 1])) -> cdist",
    ),
    "signals": family(
        {"x": "f32[2, 32]", "image": "f32[2, 4, 6]"},
        "real, imaginary = (x, x / 2) -> fft",
        "real2, imaginary2 = (image, image / 2) -> fft2",
        "again, zero = (real2, imaginary2) -> ifft2",
        "a, b = x -> rfft(40)",
        "(a, b) -> irfft(30)",
        "(a, b) -> irfft(48)",
        'frames, phases = x -> stft(6, 2, 8, window="hamming")',
        "(frames, phases) -> istft(6, 2, 8, 20)",
        "c, d = x -> stft(8, 3, 8, center=false)",
        "x -> extract_sequences(5, 4)",
        "x -> erfc -> saturate_cast(u8)",
    ),
    "indices": family(
        {"x": "f32[4, 3]", "ids": "i32[4]", "at": "i32[4, 1]", "u": "f32[2, 2]", "starts": "i32[2]"},
        "(x, ids) -> segment_sum(9)",
        "(x, ids) -> segment_prod(9)",
        "(x, ids // 3) -> segment_max(3)",
        "(x, ids // 3) -> segment_min(3)",
        "(ids // 4, x) -> in_top_k(2)",
        "(at, x) -> scatter([9, 3])",
        '(x, at // 3, x / 2) -> scatter_update("add")',
        "(x, at[:1] // 3, x[:1] / 2) -> scatter_update",
        "x -> slice([0, 1], [2, -1])",
        "x -> slice(starts // 8, [2, 2])",
        "(x, u) -> slice_update([0, 1])",
        "(x, u) -> slice_update(start_indices=starts // 8)",
    ),
    "images": family(
        {
            "x": "f32[2, 8, 9, 3]",
            "volume": "f32[4, 6, 6, 2]",
            "table": "f32[4, 5]",
            "places": "f32[2, 7]",
            "s": "f32[2]",
        },
        "x / 2 -> ops.image.resize([6, 7], crop_to_aspect_ratio=true)",
        "x -> resize([4, 12], pad_to_aspect_ratio=true)",
        "x -> crop_images(1, 2, target_height=4, target_width=5)",
        "x -> pad_images(1, 2, 3, 4)",
        "x -> extract_patches(4, 2) -> dense(3)",
        "volume -> extract_patches_3d([2, 3, 3])",
        '(table, places) -> map_coordinates(1, "reflect")',
        '(table, s + 0.5, s) -> scale_and_translate([6, 7], [0, 1], "linear")',
        "x / 2 -> rgb_to_hsv -> hsv_to_rgb -> rgb_to_grayscale",
        "x -> gaussian_blur([5, 3]) -> sobel_edges",
        "(x, x * x) -> ssim(filter_size=3)",
        "x -> ops.nn.relu -> ops.gelu",
    ),
}
#: what XLA compiles on JAX alone
ON_JAX = (
    family({"x": "f32[2, 6, 5]", "lengths": "i32[2]"}, "a, b = (x, lengths // 8 + 5) -> ctc_decode"),
    family({"x": "f32[2, 3, 3]"}, "x -> det", "x + 1 -> det"),
    family({"x": "f32[2, 8, 8, 3]"}, 'x -> resize([4, 5], "bicubic")', "x -> up_sampling2d(interpolation=bicubic)"),
    family(
        {"x": "f32[2, 8, 8, 3]", "turn": "f32[2, 8]", "points": "f32[2, 4, 2]"},
        "(x, turn / 2) -> affine_transform(fill_mode=reflect)",
        "(x, points, points * 2) -> perspective_transform",
    ),
)


@pytest.mark.parametrize("name", FAMILIES)
def test_direct_execution_is_the_emitted_model(name: str, engine: Engine, rng: Any, twins: Any) -> None:
    FAMILIES[name].check_trained(engine, rng, twins)


@pytest.mark.parametrize("lines", ON_JAX)
def test_what_runs_on_jax_alone(lines: Family, engine: Engine, rng: Any, twins: Any) -> None:
    if engine.name == "jax":
        lines.check(engine, rng, twins)
        return
    with pytest.raises(SpecError, match="XLA cannot run"):
        lines.check(engine, rng, twins)


@pytest.mark.parametrize("line", ["x -> fold([6, 6], 2)", "(x, x[:1]) -> slice_update([0, 0, 0])"])
def test_what_tensorflow_has_no_compiled_gradient_of(line: str, engine: Engine, program_of: Any) -> None:
    sites = sites_of(program_of(f'inputs: {{x: "f32[2, 12, 25]"}}\nmodel: |\n  {line}\n').graph)
    if engine.name == "jax":
        check_compiled(sites, "jax", training=True)
        return
    with pytest.raises(SpecError, match="XLA cannot train"):
        check_compiled(sites, "tensorflow", training=True)


OPEN = """
inputs: {x: "f32[N, H, W, 8]", s: "f32[N, T]", v: "f32[N, 12]", q: "f32[N, T, 4, 6]", ids: "i32[N]"}
outputs: [a, b, c, d, e, f, g, h, i, j, k, l, m, n]
model: |
  a = x -> max_pool([2, 2], 2) -> average_pool(2, 1, padding=same)
  b = x -> adaptive_average_pool([2, 3]) -> adaptive_max_pool([2, 2]) -> flatten -> dense(3)
  c = (q, q, q) -> dot_product_attention(is_causal=true)
  real, imaginary = s -> stft(4, 2, 8)
  d = (real, imaginary) -> istft(4, 2, 8)
  e = s -> rfft -> irfft -> extract_sequences(3, 2)
  f = s -> slice([0, 1], [1, -1])
  g = x -> crop_images(1, 1, target_height=4, target_width=4) -> pad_images(1, 1, 1, 1)
  h = x -> extract_patches(2) -> depth_to_space(2)
  i = (v, v) -> cdist
  j = x[:, :, :, :3] -> rgb_to_hsv -> gaussian_blur -> sobel_edges
  k = (x, x) -> ssim(filter_size=3)
  l = (v / 12, v / 12) -> ops.categorical_crossentropy(axis=0)
  m = (v, ids // 3) -> segment_sum(3)
  n = x -> normalize(axis=[1, 2]) -> resize([4, 5])
"""


def test_models_whose_sizes_stay_open(engine: Engine, program_of: Any, rng: Any, twins: Any) -> None:
    program = program_of(OPEN)
    namespace: dict[str, Any] = {}
    exec(emit(program.model), namespace)
    model = namespace["build_model"]()
    arrays = twins(program, model)
    shapes = {"x": (2, 8, 10, 8), "s": (2, 16), "v": (2, 12), "q": (2, 16, 4, 6)}
    inputs = {name: rng.random(shape, "float32") for name, shape in shapes.items()}
    inputs["ids"] = rng.integers(0, 9, 2, "int32")
    model.compile(jit_compile=True)
    found = engine.compile_forward(program)(*program.split(arrays), inputs)
    for name, wanted in model.predict_on_batch(inputs).items():
        np.testing.assert_allclose(engine.numpy(found[name]), wanted, rtol=1e-5, atol=1e-5, err_msg=name)
