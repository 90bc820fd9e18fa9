"""Every layer of Keras's in a small call or two, by the shapes that they take (`on_engine_layers.py` runs them). Layers
that Keras lacks have cases of their own: `written_cases.py`."""

from __future__ import annotations

from xla.families import Family, family

RECURRENT = family(
    {"x": "f32[2, 5, 3]", "h": "f32[2, 4]", "c": "f32[2, 4]", "frames": "f32[2, 3, 6, 5, 2]"},
    "x -> rnn(lstm_cell(4))(initial_state=[h, c])",
    "b, b1, b2, b3 = x -> rnn([lstm_cell(4), gru_cell(3)], return_sequences=true, return_state=true)",
    "x -> bidirectional(rnn([simple_rnn_cell(4), gru_cell(3)]))",
    "e, e1, e2 = x[:, 0] -> lstm_cell(4)(states=[h, c])",
    "f, f1, f2 = x[:, 1] -> stacked_rnn_cells([gru_cell(4), gru_cell(4)])(states=[h, c])",
    "frames -> conv_lstm2d(2, [3, 2], padding=same, return_sequences=true)",
    'frames -> reshape([3, 30, 2]) -> conv_lstm1d(2, 3, strides=2, data_format="channels_last")',
    "frames[:, :, :, :, :, None] -> conv_lstm3d(2, 2)",
    "x -> spectral_normalization(dense(4)) -> time_distributed(spectral_normalization(dense(3), 2))",
    "frames -> time_distributed(conv2d(2, 2)) -> bidirectional(conv_lstm2d(2, 2))",
    "x -> rnn([lstm_cell(n) for n in [4, 5]], go_backwards=true)",
    "x -> masking(0.5) -> simple_rnn(3, return_sequences=true) -> gru(4) -> repeat_vector(2) -> lstm(3)",
)

PREPROCESSING = family(
    {"sound": "f32[2, 300, 2]", "x": "f32[2, 4, 3]", "ids": "i32[2, 4]"},
    "sound -> stft_spectrogram(frame_length=50, frame_step=20, expand_dims=true)",
    'sound -> stft_spectrogram("psd", 40, padding=same, window="hamming", scaling=spectrum)',
    "sound[:, :, 0] -> mel_spectrogram(128, 40, num_mel_bins=9)",
    "x -> normalization(mean=[0.1, 0.2, 0.3], variance=[1, 2, 3])",
    "x -> normalization(axis=none, mean=0.5, variance=0.25, invert=true)",
    "x -> discretization([0.2, 0.5]) -> cast(f32)",
    'ids -> discretization([2, 5], output_mode="count")',
    "ids -> category_encoding(9)",
    "w = ids -> cast(f32)",
    'ids -> category_encoding(9, output_mode="count")(count_weights=w)',
    'ids[:, :1] -> category_encoding(9, output_mode="one_hot")',
)

AUGMENTATION = family(
    {"x": "f32[2, 8, 9, 3]"},
    "x -> auto_contrast",
    "x -> contrast_limited_adaptive_histogram_equalization(tile_grid_size=[2, 2])",
    "x -> random_flip -> random_rotation(0.1) -> random_zoom(0.2) -> random_translation(0.1, 0.2)",
    "x -> random_brightness(0.2) -> random_contrast(0.2) -> random_hue(0.1) -> random_saturation(0.1)",
    "x -> random_color_degeneration(0.5) -> random_color_jitter -> random_grayscale -> random_invert",
    "x -> random_posterization(4) -> random_sharpness(0.1) -> random_shear -> random_erasing",
    "x -> random_perspective -> random_elastic_transform -> random_gaussian_blur -> cut_mix -> aug_mix",
    "x -> solarization(0.1) -> equalization(bins=4) -> max_num_bounding_boxes(3)",
    "x -> pipeline([rand_augment, conv2d(2, 3), rescaling(2)])",
    largest=255.0,
)

VECTORS = family(
    {"x": "f32[3, 6]", "y": "f32[3, 6]", "s": "f32[3, 4, 6]", "ids": "i32[3, 4]"},
    "x - 0.5 -> relu(0.4, 0.1, 0.2)",
    "x - 0.5 -> leaky_relu -> elu(0.5) -> prelu -> activation(tanh) -> softmax",
    "(x, y) -> add -> batch_normalization",
    "(x, y) -> subtract -> layer_normalization",
    "(x, y) -> multiply -> rms_normalization",
    "(x, y) -> average -> unit_normalization",
    "(x, y) -> maximum -> dropout(0.5) -> alpha_dropout(0.5) -> gaussian_dropout(0.5) -> gaussian_noise(0.1)",
    "(x, y) -> minimum -> identity -> activity_regularization(0.1)",
    "(s, s) -> concatenate(axis=1) -> group_normalization(2) -> permute([2, 1]) -> flatten -> dense(3, use_bias=false)",
    "(s, x) -> dot([2, 1], normalize=true)",
    's -> einsum_dense("ntd,de->nte", [none, 5], bias_axes="e")',
    "ids -> embedding(9, 5)",
    "ids -> reversible_embedding(9, 5) -> dense(5) -> reversible_embedding(9, 5)(reverse=true)",
)

ATTENTION = family(
    {"q": "f32[2, 5, 8]", "k": "f32[2, 6, 8]", "v": "f32[2, 6, 8]"},
    "(q, v, k) -> attention(use_scale=true, score_mode=concat)",
    "(q, v) -> attention(use_causal_mask=true)",
    "(q, v) -> additive_attention",
    "(q, v, k) -> multi_head_attention(2, 3, output_shape=5)",
    "(q, v, k) -> multi_head_attention(2, 3, value_dim=4, dropout=0.1, use_gate=true)",
    "(q, v, k) -> group_query_attention(4, 4, 2)",
)

LINES = family(
    {"x": "f32[2, 12, 4]"},
    'x -> conv1d(6, 3, dilation_rate=2, groups=2, padding="causal")',
    "x -> depthwise_conv1d(3, strides=2, depth_multiplier=2)",
    "x -> separable_conv1d(3, 3, padding=same)",
    "x -> conv1d_transpose(3, 3, strides=2)",
    "x -> max_pooling1d(3, 2, padding=same) -> spatial_dropout1d(0.5)",
    "x -> average_pooling1d(3, 2, padding=same)",
    "x -> adaptive_max_pooling1d(5)",
    "x -> adaptive_average_pooling1d(5)",
    "x -> zero_padding1d([1, 2]) -> cropping1d([2, 0]) -> up_sampling1d(2)",
    "x -> global_max_pooling1d",
    "x -> global_average_pooling1d(keepdims=true)",
)

IMAGES = family(
    {"x": "f32[2, 8, 7, 4]"},
    "x -> conv2d(6, [3, 2], groups=2, padding=same, strides=2)",
    "x -> depthwise_conv2d(3, depth_multiplier=2)",
    "x -> separable_conv2d(3, 3, padding=same)",
    "x -> conv2d_transpose(3, 3, strides=2, padding=same)",
    "x -> max_pooling2d(3, 2, padding=same) -> spatial_dropout2d(0.5)",
    "x -> average_pooling2d(3, 2, padding=same)",
    "x -> adaptive_max_pooling2d([5, 3])",
    "x -> adaptive_average_pooling2d([5, 3])",
    "x -> zero_padding2d([[1, 2], [0, 1]]) -> cropping2d(1) -> up_sampling2d(2, interpolation=bilinear)",
    "x -> global_max_pooling2d",
    "x -> global_average_pooling2d(keepdims=true)",
    "x -> resizing(5, 9)",
    "x -> center_crop(5, 4)",
)

VOLUMES = family(
    {"x": "f32[2, 5, 6, 4, 3]"},
    "x -> conv3d(2, [3, 2, 2], padding=same, strides=2)",
    "x -> conv3d_transpose(2, 3, strides=2)",
    "x -> max_pooling3d(2, padding=same) -> spatial_dropout3d(0.5)",
    "x -> average_pooling3d(2, padding=same)",
    "x -> adaptive_max_pooling3d([2, 4, 3])",
    "x -> adaptive_average_pooling3d([2, 4, 3])",
    "x -> zero_padding3d(1) -> cropping3d([1, 2, 0]) -> up_sampling3d([1, 2, 1])",
    "x -> global_max_pooling3d",
    "x -> global_average_pooling3d(keepdims=true)",
)

FAMILIES: dict[str, Family] = {
    "recurrent": RECURRENT,
    "preprocessing": PREPROCESSING,
    "augmentation": AUGMENTATION,
    "vectors": VECTORS,
    "attention": ATTENTION,
    "lines": LINES,
    "images": IMAGES,
    "volumes": VOLUMES,
}

#: what runs on one engine, and is refused at its place on the other
ON_TENSORFLOW = family(
    {"x": "f32[2, 5, 8]", "y": "f32[2, 6, 8]"},
    "(x, y) -> multi_head_attention(2, 3, value_dim=4)",
)

#: what XLA compiles on neither engine, each refused at its place: it runs in emitted code alone
NOWHERE = (
    'words -> string_lookup(vocabulary=["a", "b"])',
    'words -> text_vectorization(vocabulary=["a", "b"], output_mode="count")',
    "(ids, words) -> hashed_crossing(3)",
    "(ids, ids) -> hashed_crossing(3)",
    'ids -> integer_lookup(vocabulary=[1, 2], output_mode="multi_hot")',
    "ids -> hashing(3)",
    "image -> random_crop(4, 5)",
)
_TYPES = {"words": "str[2]", "ids": "i32[2]", "image": "f32[2, 8, 9, 3]"}


def nowhere(line: str) -> Family:
    """The line with the inputs that it takes."""
    return family({name: type for name, type in _TYPES.items() if name in line}, line)
