"""yolov3: YOLOv3 on Darknet-53, three boxes for each cell of three grids.

Redmon and Farhadi 2018, arXiv:1804.02767 (counts as in Darknet's cfg/yolov3.cfg)
Written by Netwright 0.1.0 from yolov3.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def stage(x, filters, depth):
    x = conv(x, filters, strides=2)
    for _ in range(depth):
        x = residual(x, filters)
    return x


def darknet53(x, width, depths):
    fine = conv(x, width)
    for k in range(3):
        fine = stage(fine, 2 ** (k + 1) * width, depths[k])
    medium = stage(fine, 16 * width, depths[3])
    x = stage(medium, 32 * width, depths[4])
    return fine, medium, x


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


def residual(x, filters):
    y = conv(x, filters // 2, 1)
    y = conv(y, filters)
    return x + y


def neck(x, filters):
    for _ in range(2):
        x = conv(x, filters // 2, 1)
        x = conv(x, filters)
    return conv(x, filters // 2, 1)


def head(x, filters, boxes, classes):
    x = conv(x, filters)
    return layers.Conv2D(boxes * (5 + classes), 1)(x)


def finer(coarse, x, filters):
    y = conv(coarse, filters, 1)
    y = layers.UpSampling2D()(y)
    return layers.Concatenate()([y, x])


def build_model(classes=80, boxes=3, width=32, depths=(1, 2, 8, 8, 4), size=416):
    """Build the model; with these defaults it has 62,001,757 parameters.

    image: f32[N, 416, 416, 3] -> stride32: f32[N, 13, 13, 255], stride16: f32[N, 26,
    26, 255], stride8: f32[N, 52, 52, 255]
    """
    image = keras.Input((size, size, 3), name="image")
    fine, medium, coarse = darknet53(image, width, depths)
    x32 = neck(coarse, 32 * width)
    x16 = finer(x32, medium, 8 * width)
    x16 = neck(x16, 16 * width)
    x8 = finer(x16, fine, 4 * width)
    x8 = neck(x8, 8 * width)
    stride32 = head(x32, 32 * width, boxes, classes)
    stride16 = head(x16, 16 * width, boxes, classes)
    stride8 = head(x8, 8 * width, boxes, classes)
    return keras.Model(
        image,
        {"stride32": stride32, "stride16": stride16, "stride8": stride8},
        name="yolov3",
    )
