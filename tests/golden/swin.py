"""swin: Swin Transformers, with attention within windows, shifted in every second
layer; tiny unless told otherwise.

Liu et al. 2021, arXiv:2103.14030 (counts as in torchvision)
Written by Netwright 0.1.0 from swin.yaml; depends on Keras alone.
"""

import math
import sys

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class Constant(layers.Layer):
    """A tensor that depends on no input, as a part of a model.

    Keras computes at once what depends on no input, and does not make the layers
    that are applied to it part of the model. So this takes a tensor of the model,
    and ignores it.
    """

    def __init__(self, value, dtype=None, **kwargs):
        value = ops.convert_to_tensor(value, dtype)
        dtype = keras.backend.standardize_dtype(value.dtype)
        super().__init__(dtype=dtype, autocast=False, **kwargs)
        self.value = ops.convert_to_numpy(value)

    def call(self, x):
        return ops.convert_to_tensor(self.value, dtype=self.compute_dtype)

    def compute_output_spec(self, x):
        return keras.KerasTensor(self.value.shape, self.compute_dtype)

    def get_config(self):
        config = {"value": self.value.tolist(), "dtype": self.compute_dtype}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("netwright")
class StochasticDepth(layers.Layer):
    """In training drops all of an example, or of a batch, and scales what is kept.

    It stands at the end of a residual branch; `mode` is "row" or "batch" (Huang et al.
    2016, arXiv:1603.09382, scaled as dropout is).
    """

    def __init__(self, rate, mode="row", seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.mode = mode
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, x, training=False):
        if not training or self.rate == 0:
            return x
        return self.dropped(x, self.rate)

    def dropped(self, x, rate):
        decisions = [1] * len(x.shape)
        if self.mode == "row":
            decisions[0] = ops.shape(x)[0]
        drawn = keras.random.uniform(decisions, seed=self.seed_generator)
        return ops.where(drawn >= rate, x / (1 - rate), 0)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"rate": self.rate, "mode": self.mode, "seed": self.seed}
        return {**super().get_config(), **config}


def residual(x, f):
    y = f(x)
    return x + y


def feed_forward(x, hidden, act):
    width = x.shape[-1]
    x = layers.Dense(hidden)(x)
    x = act(x)
    return layers.Dense(width)(x)


def split_windows(x, size):
    _, H, W, C = x.shape
    x = layers.Reshape((H // size, size, W // size, size, C))(x)
    x = layers.Permute((1, 3, 2, 4, 5))(x)
    return layers.Reshape((H * W // size**2, size**2, C))(x)


def join_windows(x, size, H, W):
    C = x.shape[-1]
    x = layers.Reshape((H // size, W // size, size, size, C))(x)
    x = layers.Permute((1, 3, 2, 4, 5))(x)
    return layers.Reshape((H, W, C))(x)


def norm(x):
    return layers.LayerNormalization(epsilon=1e-5)(x)


def biased(scores, window):
    _, _, K, P, P_ = scores.shape
    x = ops.subtract(ops.arange(window)[:, None], ops.arange(window))
    d = ops.subtract(ops.add(x, window), 1)
    x = ops.multiply(2 * window - 1, d[:, None, :, None])
    ways = ops.reshape(ops.add(x, d[None, :, None, :]), (P_, P_))
    x = Constant(ways)(scores)
    x = layers.Embedding((2 * window - 1) ** 2, K)(x)
    return scores + ops.transpose(x, (2, 0, 1))


def parts(length, shift, window):
    x = ops.greater_equal(ops.arange(length), length - window)
    y = ops.greater_equal(ops.arange(length), length - shift)
    return ops.add(ops.cast(x, "int32"), ops.cast(y, "int32"))


def masked(scores, H, W, shift, window):
    x = ops.multiply(3, parts(H, shift, window=window)[:, None])
    y = parts(W, shift, window=window)
    part = ops.add(x, y)
    x = Constant(part[None, :, :, None])(scores)
    x = split_windows(x, window)
    places = x[0, ..., 0]
    x = ops.where(ops.equal(places[:, :, None], places[:, None]), 0.0, -100.0)[:, None]
    return scores + x


def attend(x, heads, shift, window):
    _, H, W, C = x.shape
    y = ops.roll(x, (-shift, -shift), (1, 2)) if shift > 0 else x
    y = split_windows(y, window)
    x = layers.Dense(3 * C)(y)
    x = layers.Reshape((y.shape[1], y.shape[2], 3 * heads, C // heads))(x)
    q, k, v = ops.split(x, 3, axis=3)
    scores = ops.einsum("nwihd,nwjhd->nwhij", q, k) / math.sqrt(C // heads)
    scores = biased(scores, window=window)
    seen = masked(scores, H, W, shift, window=window) if shift > 0 else scores
    x = layers.Softmax()(seen)
    z = layers.Reshape((y.shape[1], y.shape[2], C))(
        ops.einsum("nwhij,nwjhd->nwihd", x, v)
    )
    z = layers.Dense(C)(z)
    joined = join_windows(z, window, H, W)
    return ops.roll(joined, (shift, shift), (1, 2)) if shift > 0 else joined


def layer(x, heads, drop, shift, window):
    _, H, _, C = x.shape

    def layer_1(x):
        x = norm(x)
        x = attend(x, heads, shift if H > window else 0, window=window)
        return StochasticDepth(drop)(x)

    x = residual(x, layer_1)

    def layer_2(x):
        x = norm(x)
        x = feed_forward(x, 4 * C, keras.activations.gelu)
        return StochasticDepth(drop)(x)

    return residual(x, layer_2)


def stage(x, depth, heads, drop, window):
    for _ in range(depth // 2):
        x = layer(x, heads, drop, 0, window=window)
        x = layer(x, heads, drop, window // 2, window=window)
    return x


def merge(x):
    _, H, W, C = x.shape
    x = layers.Reshape((H // 2, 2, W // 2, 2, C))(x)
    x = layers.Permute((1, 3, 4, 2, 5))(x)
    x = layers.Reshape((H // 2, W // 2, 4 * C))(x)
    x = norm(x)
    return layers.Dense(2 * C, use_bias=False)(x)


def build_model(
    classes=1000,
    size=224,
    width=96,
    depths=(2, 2, 6, 2),
    heads=(3, 6, 12, 24),
    window=7,
    drop=0.2,
):
    """Build the model; with these defaults it has 28,288,354 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    # Keras recurses over a model's layers; here 547 follow on each other.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 3_000))
    image = keras.Input((size, size, 3), name="image")
    x = layers.Conv2D(width, 4, 4)(image)
    x = norm(x)
    x = stage(x, depths[0], heads[0], 0, window=window)
    for i in range(1, len(depths)):
        x = merge(x)
        x = stage(x, depths[i], heads[i], drop * i / (len(depths) - 1), window=window)
    x = norm(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="swin")
