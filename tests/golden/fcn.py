"""fcn: Fully convolutional networks on VGG16, scores of stride 32, 16 or 8 for every
pixel.

Long, Shelhamer and Darrell 2015, arXiv:1411.4038 (counts as in
fcn.berkeleyvision.org, voc-fcn32s to voc-fcn8s)
Written by Netwright 0.1.0 from fcn.yaml; depends on Keras alone.
"""

import keras
from keras import layers


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


def convolutions(x, filters, depth, dilation=1):
    for _ in range(depth):
        x = layers.Conv2D(
            filters,
            3,
            padding="same",
            dilation_rate=dilation,
            activation="relu",
        )(x)
    return x


def normalized(x, filters, depth):
    for _ in range(depth):
        x = conv_bn(x, filters, 3, use_bias=True)
        x = layers.ReLU()(x)
    return x


def stage(x, filters, depth, normalize=False):
    y = normalized(x, filters, depth) if normalize else convolutions(x, filters, depth)
    return layers.MaxPooling2D(2, padding="same")(y)


def scores(x, kernel, hidden, classes, rate):
    x = layers.Conv2D(hidden, kernel, activation="relu")(x)
    x = layers.Dropout(rate)(x)
    x = layers.Conv2D(hidden, 1, activation="relu")(x)
    x = layers.Dropout(rate)(x)
    return layers.Conv2D(classes, 1)(x)


def upsampled(x, times, kernel=None):
    if kernel is None:
        kernel = 2 * times
    C = x.shape[-1]
    return layers.Conv2DTranspose(C, kernel, times, use_bias=False)(x)


def cropped(x, offset, size):
    return x[:, offset : offset + size, offset : offset + size]


def fused(x, finer, offset):
    y = upsampled(x, 2)
    _, H, H_, C = y.shape
    x = layers.Conv2D(C, 1)(finer)
    x = cropped(x, offset, H_)
    return y + x


def build_model(classes=21, width=64, hidden=4096, rate=0.5, stride=8, size=500):
    """Build the model; with these defaults it has 134,489,759 parameters.

    image: f32[N, 500, 500, 3] -> output: f32[N, 500, 500, 21]
    """
    image = keras.Input((size, size, 3), name="image")
    pool3 = layers.ZeroPadding2D(99)(image)
    pool3 = stage(pool3, width, 2)
    pool3 = stage(pool3, 2 * width, 2)
    pool3 = stage(pool3, 4 * width, 3)
    pool4 = stage(pool3, 8 * width, 3)
    at32 = stage(pool4, 8 * width, 3)
    at32 = scores(at32, 7, hidden, classes, rate)
    at16 = fused(at32, pool4, 5) if stride < 32 else at32
    at8 = fused(at16, pool3, 9) if stride < 16 else at16
    x = upsampled(at8, stride)
    x = cropped(x, 35 - stride // 2, size)
    return keras.Model(image, x, name="fcn")
