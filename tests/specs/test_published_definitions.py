"""Nets for dense prediction and detection count as the definitions that are published: Caffe's, Darknet's and
torchvision's. These count what trains; statistics of batch normalization are not in their figures."""

from __future__ import annotations

from typing import Any

import pytest
from figures_of_others import figures_of_others
from reference_specs import FOLDER, each

from netwright.api import compile as compile_spec

PUBLISHED = figures_of_others("published.csv", "system")

#: (spec, preset, params, its row of published.csv); Caffe's figures are of one region
DEFINITIONS = [
    ("fcn", "fcn_32s", {}, "FCN-32s VOC"),
    ("fcn", "fcn_16s", {}, "FCN-16s VOC"),
    ("fcn", "fcn_8s", {}, "FCN-8s VOC"),
    ("fcn_alexnet", None, {}, "FCN-AlexNet VOC"),
    ("segnet", "segnet", {}, "SegNet (CamVid, 11 classes)"),
    ("deconvnet", None, {}, "DeconvNet"),
    ("deeplab_v3", "fcn_resnet50", {}, "FCN ResNet-50 (torchvision, with aux)"),
    ("deeplab_v3", "deeplab_v3_resnet50", {}, "DeepLabV3 ResNet-50 (with aux)"),
    ("deeplab_v3", "deeplab_v3_resnet101", {}, "DeepLabV3 ResNet-101 (with aux)"),
    ("darknet", "darknet19", {}, "Darknet-19"),
    ("darknet", "darknet53", {}, "Darknet-53"),
    ("yolov1", "yolov1", {}, "YOLOv1 (paper: fc 4096, 7x7x30)"),
    ("yolov1", "yolov1_local", {}, "YOLOv1 (current darknet cfg: local layer, 3 boxes, 7x7x(15+20)=1715)"),
    ("yolov2", None, {}, "YOLOv2 COCO 608"),
    ("yolov3", None, {}, "YOLOv3 COCO 416"),
    ("yolov3_tiny", None, {}, "YOLOv3-tiny 416"),
    ("rcnn", None, {}, "R-CNN ILSVRC13 (CaffeNet, 200)"),
    ("fast_rcnn", "fast_rcnn_caffenet", {"regions": 1}, "Fast R-CNN CaffeNet"),
    ("fast_rcnn", "fast_rcnn_vgg16", {"regions": 1}, "Fast R-CNN VGG16"),
    ("faster_rcnn", "faster_rcnn_vgg16", {"regions": 1}, "Faster R-CNN VGG16 (VOC, end2end)"),
    ("faster_rcnn", "faster_rcnn_zf", {"regions": 1}, "Faster R-CNN ZF (VOC, end2end)"),
    ("faster_rcnn", "faster_rcnn_coco", {"regions": 1}, "Faster R-CNN VGG16 (COCO)"),
    ("retinanet", None, {}, "RetinaNet ResNet-50 FPN"),
    ("ssd300", None, {}, "SSD300 VGG16"),
]


@pytest.mark.parametrize(("spec", "preset", "params", "system"), each(DEFINITIONS))
def test_parameters_and_macs(spec: str, preset: str | None, params: dict[str, Any], system: str) -> None:
    row = PUBLISHED[system]
    model = compile_spec(FOLDER / f"{spec}.yaml", preset=preset, params=params)
    assert model.params.trainable == int(row["params"])
    if row["kind"] == "official-definition-counted":
        assert model.macs == int(row["macs"])
    elif row["macs"]:
        assert model.macs == pytest.approx(float(row["macs"]), rel=1e-5)


#: (spec, preset, its row): MACs there differ for a reason that the spec says
PARAMETERS = [
    ("segnet", "segnet_basic", "SegNet-Basic"),
    ("faster_rcnn_fpn", None, "Faster R-CNN ResNet-50 FPN"),
    ("mask_rcnn", None, "Mask R-CNN ResNet-50 FPN"),
]


@pytest.mark.parametrize(("spec", "preset", "system"), each(PARAMETERS))
def test_parameters(spec: str, preset: str | None, system: str) -> None:
    model = compile_spec(FOLDER / f"{spec}.yaml", preset=preset)
    assert model.params.trainable == int(PUBLISHED[system]["params"])
