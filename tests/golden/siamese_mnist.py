"""siamese_mnist: Digits as places on a plane, equal ones near each other, by
contrastive loss; the output is the loss of a pair.

Hadsell, Chopra and LeCun 2006, as BVLC/caffe
examples/siamese/mnist_siamese_train_test.prototxt has it
Written by Netwright 0.1.0 from siamese_mnist.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def squared_distance(a, b):
    return ops.sum(ops.square(a - b), axis=-1)


def contrastive(a, b, alike, margin=1):
    squares = squared_distance(a, b)
    apart = layers.ReLU()(margin - ops.sqrt(squares + 1e-12))
    return ops.where(alike, squares, ops.square(apart))


def features(x, maps, hidden, out):
    for filters in maps:
        x = layers.Conv2D(filters, 5)(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(hidden, activation="relu")(x)
    return layers.Dense(out)(x)


def build_model(maps=(20, 50), hidden=500, places=2, margin=1):
    """Build the model; with these defaults it has 431,102 parameters.

    left: f32[N, 28, 28, 1], right: f32[N, 28, 28, 1], alike: bool[N] -> output:
    f32[N]
    """
    left = keras.Input((28, 28, 1), name="left")
    right = keras.Input((28, 28, 1), name="right")
    alike = keras.Input((), dtype="bool", name="alike")
    x = keras.Input(left.shape[1:])
    y = layers.Rescaling(1 / 256)(x)
    y = features(y, maps, hidden, 10)
    tower = keras.Model(x, layers.Dense(places)(y), name="tower")
    x = tower(left)
    y = tower(right)
    x = contrastive(x, y, alike, margin)
    return keras.Model(
        {"left": left, "right": right, "alike": alike}, x, name="siamese_mnist"
    )
