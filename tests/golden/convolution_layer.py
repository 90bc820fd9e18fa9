"""convolution_layer: The layer that lectures count: ten 5x5 filters over a 32x32 image
in colour, stride 1, pad 2.

Karpathy et al., CS231n (Stanford), Convolutional networks (760 parameters, 32x32x10)
Written by Netwright 0.1.0 from convolution_layer.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(size=32, filters=10, kernel=5, pad=2, strides=1):
    """Build the model; with these defaults it has 760 parameters.

    image: f32[N, 32, 32, 3] -> output: f32[N, 32, 32, 10]
    """
    image = keras.Input((size, size, 3), name="image")
    x = layers.ZeroPadding2D(pad)(image)
    x = layers.Conv2D(filters, kernel, strides)(x)
    return keras.Model(image, x, name="convolution_layer")
