"""resnet50: Deep residual learning for image recognition, 50 layers, bottleneck blocks.

He et al. 2015, arXiv:1512.03385 (counts as in keras.applications.ResNet50, whose
convolutions have biases)
Written by Netwright 0.1.0 from resnet50.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def conv_bn(x, filters, kernel, strides=1):
    x = layers.Conv2D(filters, kernel, strides, padding="same")(x)
    return layers.BatchNormalization(epsilon=1.001e-5)(x)


def bottleneck(x, filters, strides=1, project=False):
    shortcut = conv_bn(x, 4 * filters, 1, strides) if project else x
    y = conv_bn(x, filters, 1, strides)
    y = layers.ReLU()(y)
    y = conv_bn(y, filters, 3)
    y = layers.ReLU()(y)
    y = conv_bn(y, 4 * filters, 1)
    return layers.ReLU()(y + shortcut)


def stage(x, filters, depth, strides=2):
    x = bottleneck(x, filters, strides, project=True)
    for _ in range(depth - 1):
        x = bottleneck(x, filters)
    return x


def build_model(classes=1000, width=64, depths=(3, 4, 6, 3), size=224):
    """Build the model; with these defaults it has 25,636,712 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv_bn(image, width, 7, 2)
    x = layers.ReLU()(x)
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = stage(x, width, depths[0], strides=1)
    x = stage(x, 2 * width, depths[1])
    x = stage(x, 4 * width, depths[2])
    x = stage(x, 8 * width, depths[3])
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="resnet50")
