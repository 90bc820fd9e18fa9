"""lenet_caffe: The LeNet of Caffe's MNIST example, wider than LeNet-5, with max pooling
and one rectified layer.

LeCun et al. 1998, as BVLC/caffe examples/mnist/lenet.prototxt has it
Written by Netwright 0.1.0 from lenet_caffe.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def features(x, maps, hidden, out):
    for filters in maps:
        x = layers.Conv2D(filters, 5)(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(hidden, activation="relu")(x)
    return layers.Dense(out)(x)


def build_model(classes=10, maps=(20, 50), hidden=500):
    """Build the model; with these defaults it has 431,080 parameters.

    image: f32[N, 28, 28, 1] -> output: f32[N, 10]
    """
    image = keras.Input((28, 28, 1), name="image")
    x = layers.Rescaling(1 / 256)(image)
    x = features(x, maps, hidden, classes)
    x = layers.Softmax()(x)
    return keras.Model(image, x, name="lenet_caffe")
