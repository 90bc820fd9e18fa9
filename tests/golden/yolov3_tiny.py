"""yolov3_tiny: YOLOv3's tiny form, three boxes for each cell of two grids.

Redmon and Farhadi 2018, arXiv:1804.02767 (counts as in Darknet's
cfg/yolov3-tiny.cfg)
Written by Netwright 0.1.0 from yolov3_tiny.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def head(x, filters, boxes, classes):
    x = conv(x, filters)
    return layers.Conv2D(boxes * (5 + classes), 1)(x)


def finer(coarse, x, filters):
    y = conv(coarse, filters, 1)
    y = layers.UpSampling2D()(y)
    return layers.Concatenate()([y, x])


def conv(x, filters, kernel=3, strides=1, normalize=True):
    padded = layers.ZeroPadding2D(kernel // 2)(x) if strides > 1 else x
    x = layers.Conv2D(
        filters,
        kernel,
        strides,
        padding="valid" if strides > 1 else "same",
        use_bias=not normalize,
    )(padded)
    x = layers.BatchNormalization()(x) if normalize else x
    return leaky(x)


def leaky(x):
    return layers.LeakyReLU(0.1)(x)


def build_model(classes=80, boxes=3, width=16, size=416):
    """Build the model; with these defaults it has 8,858,734 parameters.

    image: f32[N, 416, 416, 3] -> stride32: f32[N, 13, 13, 255], stride16: f32[N, 26,
    26, 255]
    """
    image = keras.Input((size, size, 3), name="image")
    fine = image
    for k in (1, 2, 4, 8):
        fine = conv(fine, k * width)
        fine = layers.MaxPooling2D()(fine)
    fine = conv(fine, 16 * width)
    coarse = layers.MaxPooling2D()(fine)
    coarse = conv(coarse, 32 * width)
    coarse = layers.MaxPooling2D(2, 1, padding="same")(coarse)
    coarse = conv(coarse, 64 * width)
    coarse = conv(coarse, 16 * width, 1)
    stride32 = head(coarse, 32 * width, boxes, classes)
    stride16 = finer(coarse, fine, 8 * width)
    stride16 = head(stride16, 16 * width, boxes, classes)
    return keras.Model(
        image, {"stride32": stride32, "stride16": stride16}, name="yolov3_tiny"
    )
