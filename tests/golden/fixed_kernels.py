"""fixed_kernels: Convolution as image processing knows it, the same small kernel over
every channel. Nothing is learnt.

Gonzalez and Woods, Digital image processing, chapter 3 (the kernels), and Sobel and
Feldman 1968
Written by Netwright 0.1.0 from fixed_kernels.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(kernel=((0, -1, 0), (-1, 5, -1), (0, -1, 0)), divisor=1):
    """Build the model; with these defaults it has 27 parameters.

    image: f32[N, H, W, 3] -> output: f32[N, H, W, 3]
    """
    image = keras.Input((None, None, 3), name="image")
    values = keras.initializers.Constant(
        tuple(tuple(((k / divisor,),) for k in row) for row in kernel)
    )
    x = layers.DepthwiseConv2D(
        len(kernel),
        padding="same",
        use_bias=False,
        depthwise_initializer=values,
        trainable=False,
    )(image)
    return keras.Model(image, x, name="fixed_kernels")
