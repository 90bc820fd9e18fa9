"""show_and_tell: Captions of images, by an LSTM whose first step is the image as a
convolutional net describes it.

Vinyals, Toshev, Bengio and Erhan 2015, arXiv:1411.4555 (as im2txt, with ResNet-50
for its Inception)
Written by Netwright 0.1.0 from show_and_tell.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def shortcut(x, filters, strides=1, use_bias=False, frozen=False, project=True):
    C = x.shape[-1]
    if strides == 1 and C == filters:
        return x
    elif project:
        return conv_bn(x, filters, 1, strides, use_bias=use_bias, frozen=frozen)
    else:
        return ops.pad(
            x[:, ::strides, ::strides], ((0, 0), (0, 0), (0, 0), (0, filters - C))
        )


def bottleneck(
    x,
    filters,
    strides=1,
    inner=None,
    groups=1,
    v1=False,
    use_bias=False,
    dilation=1,
    frozen=False,
):
    if inner is None:
        inner = filters // 4
    y = conv_bn(x, inner, 1, strides if v1 else 1, use_bias=use_bias, frozen=frozen)
    y = layers.ReLU()(y)
    y = conv_bn(
        y,
        inner,
        3,
        1 if v1 else strides,
        groups=groups,
        use_bias=use_bias,
        dilation=dilation,
        frozen=frozen,
    )
    y = layers.ReLU()(y)
    y = conv_bn(y, filters, 1, use_bias=use_bias, frozen=frozen)
    z = shortcut(x, filters, strides, use_bias, frozen)
    return layers.ReLU()(y + z)


def conv_bn(
    x,
    filters,
    kernel,
    strides=1,
    padding="same",
    groups=1,
    use_bias=False,
    epsilon=1e-3,
    momentum=0.99,
    scale=True,
    dilation=1,
    frozen=False,
):
    x = layers.Conv2D(
        filters,
        kernel,
        strides,
        padding,
        dilation_rate=dilation,
        groups=groups,
        use_bias=use_bias,
    )(x)
    return layers.BatchNormalization(
        epsilon=epsilon,
        momentum=momentum,
        scale=scale,
        trainable=not frozen,
    )(x)


def stage(x, filters, depth, strides=2, dilation=1, frozen=False):
    x = bottleneck(x, filters, strides, dilation=max(1, dilation // 2), frozen=frozen)
    for _ in range(depth - 1):
        x = bottleneck(x, filters, dilation=dilation, frozen=frozen)
    return x


def resnet_maps(x, width, depths, dilated=False, frozen=False):
    c2 = conv_bn(x, width, 7, 2, frozen=frozen)
    c2 = layers.ReLU()(c2)
    c2 = layers.MaxPooling2D(3, 2, padding="same")(c2)
    c2 = stage(c2, 4 * width, depths[0], strides=1, frozen=frozen)
    c3 = stage(c2, 8 * width, depths[1], frozen=frozen)
    strides = 1 if dilated else 2
    rates = (2, 4) if dilated else (1, 1)
    c4 = stage(c3, 16 * width, depths[2], strides, rates[0], frozen)
    c5 = stage(c4, 32 * width, depths[3], strides, rates[1], frozen)
    return c2, c3, c4, c5


def build_model(
    vocabulary=12_000,
    width=512,
    hidden=512,
    rate=0.3,
    size=224,
    maps=64,
    depths=(3, 4, 6, 3),
):
    """Build the model; with these defaults it has 39,008,928 parameters.

    image: f32[N, 224, 224, 3], words: i32[N, T] -> output: f32[N, T, 12000]
    """
    image = keras.Input((size, size, 3), name="image")
    words = keras.Input((None,), dtype="int32", name="words")
    _, _, _, last = resnet_maps(image, maps, depths)
    seen = layers.GlobalAveragePooling2D()(last)
    seen = layers.Dense(width, use_bias=False)(seen)
    read = layers.Embedding(vocabulary, width)(words)
    told = ops.concatenate([seen[:, None], read], axis=1)
    told = layers.Dropout(rate)(told)
    told = layers.LSTM(hidden, return_sequences=True)(told)
    told = layers.Dropout(rate)(told)
    x = layers.Dense(vocabulary, activation="softmax")(told[:, 1:])
    return keras.Model({"image": image, "words": words}, x, name="show_and_tell")
