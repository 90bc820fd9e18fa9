"""Layers run directly and in the emitted Keras model, on the engine of KERAS_BACKEND (see `test_program_engines.py`):
the same weights and arrays give the same outputs. Each family is one model with an output for each line."""

from __future__ import annotations

from typing import Any

import pytest
from xla.families import Family

from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.sites import sites_of
from netwright.backends.xla.support import check_compiled
from netwright.dsl.diagnostics import SpecError

pytestmark = pytest.mark.keras


FAMILIES = {
    "recurrent": Family(
        {"x": "f32[2, 5, 3]", "h": "f32[2, 4]", "c": "f32[2, 4]", "frames": "f32[2, 3, 6, 5, 2]"},
        (
            "a = x -> rnn(lstm_cell(4))(initial_state=[h, c])",
            "b, b1, b2, b3 = x -> rnn([lstm_cell(4), gru_cell(3)], return_sequences=true, return_state=true)",
            "d = x -> bidirectional(rnn([simple_rnn_cell(4), gru_cell(3)]))",
            "e, e1, e2 = x[:, 0] -> lstm_cell(4)(states=[h, c])",
            "f, f1, f2 = x[:, 1] -> stacked_rnn_cells([gru_cell(4), gru_cell(4)])(states=[h, c])",
            "g = frames -> conv_lstm2d(2, [3, 2], padding=same, return_sequences=true)",
            'i = frames -> reshape([3, 30, 2]) -> conv_lstm1d(2, 3, strides=2, data_format="channels_last")',
            "j = frames[:, :, :, :, :, None] -> conv_lstm3d(2, 2)",
            "k = x -> spectral_normalization(dense(4)) -> time_distributed(spectral_normalization(dense(3), 2))",
            "l = frames -> time_distributed(conv2d(2, 2)) -> bidirectional(conv_lstm2d(2, 2))",
            "m = x -> rnn([lstm_cell(n) for n in [4, 5]], go_backwards=true)",
        ),
    ),
    "preprocessing": Family(
        {"sound": "f32[2, 300, 2]", "x": "f32[2, 4, 3]", "ids": "i32[2, 4]"},
        (
            "a = sound -> stft_spectrogram(frame_length=50, frame_step=20, expand_dims=true)",
            'b = sound -> stft_spectrogram("psd", 40, padding=same, window="hamming", scaling=spectrum)',
            "c = sound[:, :, 0] -> mel_spectrogram(128, 40, num_mel_bins=9)",
            "d = x -> normalization(mean=[0.1, 0.2, 0.3], variance=[1, 2, 3])",
            "e = x -> normalization(axis=none, mean=0.5, variance=0.25, invert=true)",
            "f = x -> discretization([0.2, 0.5]) -> cast(f32)",
            'g = x[:, :, 0] -> discretization([0.2, 0.5], output_mode="count")',
            "h = ids -> category_encoding(9)",
            'i = ids -> category_encoding(9, output_mode="count")(count_weights=x[:, :, 0])',
            'j = ids[:, :1] -> category_encoding(9, output_mode="one_hot")',
        ),
    ),
    "augmentation": Family(
        {"x": "f32[2, 8, 9, 3]"},
        (
            "a = x -> auto_contrast",
            "b = x -> contrast_limited_adaptive_histogram_equalization(tile_grid_size=[2, 2])",
            "c = x -> random_flip -> random_rotation(0.1) -> random_zoom(0.2) -> random_translation(0.1, 0.2)",
            "d = x -> random_brightness(0.2) -> random_contrast(0.2) -> random_hue(0.1) -> random_saturation(0.1)",
            "e = x -> random_color_degeneration(0.5) -> random_color_jitter -> random_grayscale -> random_invert",
            "f = x -> random_posterization(4) -> random_sharpness(0.1) -> random_shear -> random_erasing",
            "g = x -> random_perspective -> random_elastic_transform -> random_gaussian_blur -> cut_mix -> aug_mix",
            "i = x -> solarization(0.1) -> equalization(bins=4) -> max_num_bounding_boxes(3)",
            "h = x -> pipeline([rand_augment, conv2d(2, 3), rescaling(2)])",
        ),
        255.0,
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_direct_execution_is_the_emitted_model(name: str, engine: Engine, rng: Any, twins: Any) -> None:
    FAMILIES[name].check(engine, rng, twins)


@pytest.mark.parametrize(
    "line",
    [
        'words -> string_lookup(vocabulary=["a", "b"])',
        'words -> text_vectorization(vocabulary=["a", "b"], output_mode="count")',
        "ids -> integer_lookup(vocabulary=[1, 2])",
        "ids -> hashing(3)",
        "(ids, words) -> hashed_crossing(3)",
        "image -> random_crop(4, 5)",
    ],
)
def test_what_neither_engine_runs_is_refused_at_its_place(engine: Engine, program_of: Any, line: str) -> None:
    name = line.partition("-> ")[2].partition("(")[0]
    with pytest.raises(SpecError, match=f"XLA cannot run {name} on {engine.name}"):
        program_of(f'inputs: {{words: "str[N]", ids: "i32[N]", image: "f32[N, 8, 9, 3]"}}\nmodel: |\n  {line}\n')


def test_what_xla_does_not_compile_is_refused_at_its_place(engine: Engine, program_of: Any) -> None:
    text = 'inputs: {x: "f32[N, 8, 8, 3]"}\nmodel: |\n  x -> mix_up -> pipeline([random_rotation(0.1)])\n'
    if engine.name == "jax":
        check_compiled(sites_of(program_of(text).graph), "jax", training=True)
        return
    with pytest.raises(SpecError, match="XLA cannot run mix_up on tensorflow"):
        program_of(text)
    with pytest.raises(SpecError, match="XLA cannot train random_rotation on tensorflow"):
        check_compiled(sites_of(program_of(text.replace("mix_up ->", "")).graph), "tensorflow", training=True)
