"""Owns what detectors do with boxes, which Keras lacks: anchors, pooling of regions, suppression of what overlaps.
Boxes are corners x1, y1, x2, y2, as torchvision has them."""

from __future__ import annotations

from math import prod

from netwright.compiler.dims import Dim, equal
from netwright.compiler.ops.attributes import Floats, Spatial, attr, between, positive
from netwright.compiler.ops.layout import FormattedLayer, expect_float
from netwright.compiler.ops.op import OpError, expect_rank
from netwright.compiler.ops.tensor_rules import expect_dtype, expect_equal
from netwright.compiler.ops.written import WrittenLayer
from netwright.compiler.types import TensorType


def expect_boxes(boxes: TensorType, batch: Dim, at: int) -> None:
    """Some boxes for each image."""
    expect_dtype(boxes, boxes.is_float, "floats", at=at)
    expect_rank(boxes, 3, at=at)
    if equal(boxes.shape[2], 4) is not True:
        message = f"expected boxes of 4 numbers, x1, y1, x2, y2, found {boxes.shape[2]}"
        raise OpError("shape-mismatch", message, at=at, label=f"this is {boxes}")
    expect_equal(batch, boxes.shape[0], "the batches", at=at)


class Regions(FormattedLayer, WrittenLayer, abstract=True):
    """So many values of each box: x: (N, H, W, c), boxes: (N, R, 4) → y: (N, R, h, w, c), (h, w) being output_size; for
    channels_first x: (N, c, H, W) → y: (N, R, c, h, w). Boxes times spatial_scale are places in x."""

    rank = 2
    operands = ("x", "boxes")
    output_size: Spatial = attr(positive)
    spatial_scale: float = attr(positive, default=1.0)

    def infer(self, x: TensorType, boxes: TensorType) -> TensorType:
        self.expect_layout(x)
        expect_float(x)
        expect_boxes(boxes, x.shape[0], at=1)
        batch, *rest = self.with_spatial(x, self.output_size).shape
        return x.with_shape(batch, boxes.shape[1], *rest)


class ROIPooling(Regions):
    """The largest element of each of h by w windows of each box, from floor(i S / h) to ceil((i + 1) S / h) for a box
    of S whole places, its corners rounded and both in it; 0 where a window is outside; x: (N, H, W, c),
    boxes: (N, R, 4) → y: (N, R, h, w, c) (Girshick 2015, arXiv:1504.08083). All places of x are looked at for each
    box, so roi_align is faster."""

    gradient_reads = ("operands", "outputs")
    order = ("output_size", "spatial_scale", "data_format")

    def elementwise(self, x: TensorType, boxes: TensorType, y: TensorType) -> Dim:
        height, width = self.spatial(x)
        rows, columns = self.output_size
        each = rows * height * width + rows * columns * width
        return 2 * each * y.shape[0] * y.shape[1] * self.channels(x)  # a choice and a maximum


class ROIAlign(Regions):
    """The mean of sampling_ratio² samples in each of h by w windows of each box, each interpolated between four places;
    x: (N, H, W, c), boxes: (N, R, 4) → y: (N, R, h, w, c) (He et al. 2017, arXiv:1703.06870). As torchvision's: with
    aligned, place i stands at i + 0.5; without, no box is smaller than 1; samples farther than 1 from x are 0.
    Gradients reach the boxes too."""

    sampling_ratio: int = attr(positive, default=2)
    aligned: bool = False
    order = ("output_size", "spatial_scale", "sampling_ratio", "aligned", "data_format")

    def macs(self, x: TensorType, boxes: TensorType, y: TensorType) -> Dim:
        return 4 * self.sampling_ratio**2 * y.size

    def elementwise(self, x: TensorType, boxes: TensorType, y: TensorType) -> Dim:
        return self.sampling_ratio**2 * y.size


class NonMaxSuppression(WrittenLayer):
    """indices, valid: the boxes of each image by falling score, but for those that overlap a better one by more than
    iou_threshold, or whose score is not above score_threshold; at most max_output_size, the rest of indices is 0;
    boxes: (N, B, 4), scores: (N, B) → indices: (N, max_output_size), valid, how many there are: (N,). As tensorflow's
    non_max_suppression_padded (Girshick et al. 2014, arXiv:1311.2524). No gradient passes."""

    gradient_reads = ()
    operands = ("boxes", "scores")
    max_output_size: int = attr(positive)
    iou_threshold: float = attr(between(0, 1), default=0.5)
    score_threshold: float | None = None

    def infer(self, boxes: TensorType, scores: TensorType) -> tuple[TensorType, TensorType]:
        expect_boxes(boxes, boxes.shape[0], at=0)
        expect_dtype(scores, scores.is_float, "floats", at=1)
        expect_rank(scores, 2, at=1)
        for left, right, what in zip(boxes.shape, scores.shape, ("batches", "numbers of boxes"), strict=False):
            expect_equal(left, right, f"the {what}", at=1)
        batch = boxes.shape[0]
        return TensorType("i32", (batch, self.max_output_size)), TensorType("i32", (batch,))

    def elementwise(self, boxes: TensorType, scores: TensorType, *outputs: TensorType) -> Dim:
        return (
            15 * self.max_output_size * scores.size
        )  # the overlap with all, and the best of them, for each that is kept


class Anchors(FormattedLayer, WrittenLayer):
    """Boxes around every place of a map: for place (i, j) the centre ((j + offset) s, (i + offset) s), s being strides,
    for each size and each aspect ratio r = height / width one of area size²; x: (N, H, W, c), of which only the shape
    matters → y: (H W A, 4), A = len(sizes) len(aspect_ratios), by row, column, size, ratio (Ren et al. 2015,
    arXiv:1506.01497; counted as Detectron2 does)."""

    gradient_reads = ()
    rank = 2
    sizes: Floats = attr(positive)
    aspect_ratios: Floats = attr(positive, default=(0.5, 1.0, 2.0))
    strides: Spatial = attr(positive, default=16)
    offset: float = attr(between(0, 1), default=0.0)
    order = ("sizes", "aspect_ratios", "strides", "offset", "data_format")

    def validate(self) -> None:
        for name in ("sizes", "aspect_ratios"):
            if not getattr(self, name):
                raise OpError("invalid-argument", f"{name} must not be empty", at=name)

    def infer(self, x: TensorType) -> TensorType:
        self.expect_layout(x)
        height, width = self.spatial(x)
        count = prod(map(len, (self.sizes, self.aspect_ratios)))
        return TensorType(self.compute_dtype, (height * width * count, 4))

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return y.size
