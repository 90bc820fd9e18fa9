"""squeezenet: AlexNet's accuracy with 50 times fewer parameters, by fire modules;
versions 1.0 and 1.1.

Iandola et al. 2016, arXiv:1602.07360 (as in github.com/forresti/SqueezeNet)
Written by Netwright 0.1.0 from squeezenet.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def pool(x, pad=0):
    _, H, W, _ = x.shape
    rows = (pad, pad + (H + 1) % 2)
    columns = (pad, pad + (W + 1) % 2)
    y = layers.ZeroPadding2D((rows, columns))(x) if sum(rows + columns) > 0 else x
    return layers.MaxPooling2D(3, 2)(y)


def conv(x, filters, kernel):
    return layers.Conv2D(filters, kernel, padding="same", activation="relu")(x)


def fire(x, squeeze, expand):
    x = conv(x, squeeze, 1)
    branch_1 = conv(x, expand, 1)
    branch_2 = conv(x, expand, 3)
    return layers.Concatenate()([branch_1, branch_2])


def build_model(
    classes=1000,
    first=(96, 7),
    fires=(
        (16, 64),
        (16, 64),
        (32, 128),
        (0, 0),
        (32, 128),
        (48, 192),
        (48, 192),
        (64, 256),
        (0, 0),
        (64, 256),
    ),
    margin=1,
    size=227,
):
    """Build the model; with these defaults it has 1,248,424 parameters.

    image: f32[N, 227, 227, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = layers.Conv2D(first[0], first[1], 2, activation="relu")(image)
    x = pool(x)
    for squeeze, expand in fires:
        x = fire(x, squeeze, expand) if expand > 0 else pool(x)
    x = layers.Dropout(0.5)(x)
    x = layers.ZeroPadding2D(margin)(x)
    x = conv(x, classes, 1)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Softmax()(x)
    return keras.Model(image, x, name="squeezenet")
