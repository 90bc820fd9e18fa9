"""names

Written by Netwright 0.1.0 from names.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def print__(x, print_):
    return layers.Dense(print_)(x)


def def_(x, len_, max_=3):
    x = layers.Dense(len_)(x)
    return layers.Dense(max_)(x)


def import_(ops_):
    return layers.Dense(4)(ops_)


def twice(x):
    x = layers.Dense(4)(x)
    return layers.Dense(4)(x)


def range_(x, n, lambda_):
    x = layers.Dense(n)(x)
    return layers.Dropout(lambda_)(x)


def build_model(class_=4, lambda_=0.1, layers_=2, print_=3, l_=5, keras_=6):
    """Build the model; with these defaults it has 218 parameters.

    input: f32[N, 4] -> output: f32[N, 4]
    """
    input_ = keras.Input((4,), name="input")
    list_ = layers.Dense(class_)(input_)
    list_ = def_(list_, l_)
    list_ = import_(list_)
    keras__ = range_(list_, keras_, lambda_=lambda_)
    x = print__(keras__, print_=print_)
    y_1 = x + x
    y = layers.Dense(2, name="left")(x)
    z = layers.Dense(2)(y_1)
    y = layers.Dense(4)(y + z)
    y = twice(y)
    y = layers.Dense(class_)(y)
    return keras.Model(input_, y, name="names")
