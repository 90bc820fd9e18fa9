"""vgg: Very deep convolutional networks of 11 to 19 weight layers, with batch
normalization if wanted.

Simonyan and Zisserman 2014, arXiv:1409.1556, configurations A, B, D and E (with _bn
as in torchvision)
Written by Netwright 0.1.0 from vgg.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def conv(x, filters, normalize):
    y = layers.Conv2D(filters, 3, padding="same")(x)
    x = layers.BatchNormalization()(y) if normalize else y
    return layers.ReLU()(x)


def features(x, width, depths, normalize):
    for place in range(5):
        for _ in range(depths[place]):
            x = conv(x, min(2**place, 8) * width, normalize=normalize)
        x = layers.MaxPooling2D()(x)
    return x


def build_model(
    classes=1000,
    width=64,
    depths=(2, 2, 3, 3, 3),
    hidden=4096,
    size=224,
    normalize=False,
):
    """Build the model; with these defaults it has 138,357,544 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = features(image, width, depths, normalize=normalize)
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dense(hidden, activation="relu")(x)
        x = layers.Dropout(0.5)(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="vgg")
