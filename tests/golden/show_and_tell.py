"""show_and_tell: Captions of images, by an LSTM whose first step is the image as a
convolutional net describes it.

Vinyals, Toshev, Bengio and Erhan 2015, arXiv:1411.4555 (as im2txt, with ResNet-50
for its Inception)
Written by Netwright 0.1.0 from show_and_tell.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def shortcut(x, filters, strides=1, use_bias=False):
    C = x.shape[-1]
    if strides == 1 and C == filters:
        return x
    else:
        return conv_bn(x, filters, 1, strides, use_bias=use_bias)


def bottleneck(x, filters, strides=1, inner=None, groups=1, v1=False, use_bias=False):
    if inner is None:
        inner = filters // 4
    y = conv_bn(x, inner, 1, strides if v1 else 1, use_bias=use_bias)
    y = layers.ReLU()(y)
    y = conv_bn(y, inner, 3, 1 if v1 else strides, groups=groups, use_bias=use_bias)
    y = layers.ReLU()(y)
    y = conv_bn(y, filters, 1, use_bias=use_bias)
    z = shortcut(x, filters, strides, use_bias)
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
):
    x = layers.Conv2D(
        filters,
        kernel,
        strides,
        padding,
        groups=groups,
        use_bias=use_bias,
    )(x)
    return layers.BatchNormalization(epsilon=epsilon, momentum=momentum)(x)


def conv_bn_relu(x, filters, kernel, strides=1, padding="same", groups=1):
    x = conv_bn(x, filters, kernel, strides, padding, groups)
    return layers.ReLU()(x)


def build_model(
    vocabulary=12_000,
    width=512,
    hidden=512,
    rate=0.3,
    size=224,
    maps=64,
    stages=((256, 3, 1), (512, 4, 2), (1024, 6, 2), (2048, 3, 2)),
):
    """Build the model; with these defaults it has 39,008,928 parameters.

    image: f32[N, 224, 224, 3], words: i32[N, T] -> output: f32[N, T, 12000]
    """
    image = keras.Input((size, size, 3), name="image")
    words = keras.Input((None,), dtype="int32", name="words")
    seen = conv_bn_relu(image, maps, 7, 2)
    seen = layers.MaxPooling2D(3, 2, padding="same")(seen)
    for m, n, s in stages:
        seen = bottleneck(seen, m, s)
        for _ in range(n - 1):
            seen = bottleneck(seen, m)
    seen = layers.GlobalAveragePooling2D()(seen)
    seen = layers.Dense(width, use_bias=False)(seen)
    read = layers.Embedding(vocabulary, width)(words)
    told = ops.concatenate([seen[:, None], read], axis=1)
    told = layers.Dropout(rate)(told)
    told = layers.LSTM(hidden, return_sequences=True)(told)
    told = layers.Dropout(rate)(told)
    x = layers.Dense(vocabulary, activation="softmax")(told[:, 1:])
    return keras.Model({"image": image, "words": words}, x, name="show_and_tell")
