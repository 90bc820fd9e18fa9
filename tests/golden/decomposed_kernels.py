"""decomposed_kernels: Large kernels and what does the same with less, 3x3 after 3x3 or
n x 1 after 1 x n.

Simonyan and Zisserman 2014, arXiv:1409.1556, section 2.3; Szegedy et al. 2015,
arXiv:1512.00567, section 3
Written by Netwright 0.1.0 from decomposed_kernels.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def conv(x, kernel):
    C = x.shape[-1]
    return layers.Conv2D(C, kernel, padding="same", use_bias=False)(x)


def build_model(channels=64, size=32, form="whole", n=5):
    """Build the model; with these defaults it has 102,400 parameters.

    x: f32[N, 32, 32, 64] -> output: f32[N, 32, 32, 64]
    """
    x = keras.Input((size, size, channels), name="x")
    if form == "whole":
        y = conv(x, n)
    elif form == "stacked":
        y = x
        for _ in range(n // 2):
            y = conv(y, 3)
    else:
        y = conv(x, (n, 1))
        y = conv(y, (1, n))
    return keras.Model(x, y, name="decomposed_kernels")
