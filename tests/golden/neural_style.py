"""neural_style: What neural style transfer compares, the features of VGG19, content
from one layer and style from five.

Gatys, Ecker and Bethge 2015, arXiv:1508.06576 (average pooling as there); weights
are those of VGG19, an image is what is trained
Written by Netwright 0.1.0 from neural_style.yaml; depends on Keras alone.
"""

import keras
from keras import layers


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


def gram(x):
    _, H, W, C = x.shape
    flat = layers.Reshape((H * W, C))(x)
    x = layers.Dot(axes=1)([flat, flat])
    return x / (H * W)


def build_model(width=64, size=224):
    """Build the model; with these defaults it has 20,024,384 parameters.

    image: f32[N, 224, 224, 3] -> features: f32[N, 7, 7, 512], content: f32[N, 28,
    28, 512], style_1: f32[N, 64, 64], style_2: f32[N, 128, 128], style_3: f32[N,
    256, 256], style_4: f32[N, 512, 512], style_5: f32[N, 512, 512]
    """
    image = keras.Input((size, size, 3), name="image")
    one = convolutions(image, width, 1)
    two = convolutions(one, width, 1)
    two = layers.AveragePooling2D(2)(two)
    two = convolutions(two, 2 * width, 1)
    three = convolutions(two, 2 * width, 1)
    three = layers.AveragePooling2D(2)(three)
    three = convolutions(three, 4 * width, 1)
    four = convolutions(three, 4 * width, 3)
    four = layers.AveragePooling2D(2)(four)
    four = convolutions(four, 8 * width, 1)
    content = convolutions(four, 8 * width, 1)
    five = convolutions(content, 8 * width, 2)
    five = layers.AveragePooling2D(2)(five)
    five = convolutions(five, 8 * width, 1)
    features = convolutions(five, 8 * width, 3)
    features = layers.AveragePooling2D(2)(features)
    style_1, style_2, style_3, style_4, style_5 = [
        gram(x) for x in [one, two, three, four, five]
    ]
    return keras.Model(
        image,
        {
            "features": features,
            "content": content,
            "style_1": style_1,
            "style_2": style_2,
            "style_3": style_3,
            "style_4": style_4,
            "style_5": style_5,
        },
        name="neural_style",
    )
