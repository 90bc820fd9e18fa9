"""Members of families of convolutional nets have the figures of torchvision, keras.applications and imgclsmob."""

from __future__ import annotations

import pytest
from figures_of_others import figures_of_others
from reference_specs import FOLDER, each

from netwright.api import Model, compile as compile_spec

Families = dict[str, dict[str | None, str]]

#: spec: {preset: row of torchvision.csv}
TORCHVISION: Families = {
    "resnet": {f"resnet{depth}": f"ResNet{depth}" for depth in (18, 34, 50, 101, 152)},
    "resnext": {
        "resnext50_32x4d": "ResNeXt50_32X4D",
        "resnext101_32x8d": "ResNeXt101_32X8D",
        "resnext101_64x4d": "ResNeXt101_64X4D",
        "wide_resnet50_2": "Wide_ResNet50_2",
        "wide_resnet101_2": "Wide_ResNet101_2",
    },
    "densenet": {f"densenet{depth}": f"DenseNet{depth}" for depth in (121, 161, 169, 201)},
    "mobilenet_v2": {None: "MobileNet_V2"},
    "mobilenet_v3": {"large": "MobileNet_V3_Large", "small": "MobileNet_V3_Small"},
    "shufflenet_v2": {
        f"shufflenet_v2_{size}": f"ShuffleNet_V2_{size.upper()}" for size in ("x0_5", "x1_0", "x1_5", "x2_0")
    },
    "efficientnet": {f"b{number}": f"EfficientNet_B{number}" for number in range(8)},
    "efficientnet_v2": {size: f"EfficientNet_V2_{size.upper()}" for size in "sml"},
    "convnext": {size: f"ConvNeXt_{size.title()}" for size in ("tiny", "small", "base", "large")},
}
#: spec: {preset: row of keras_applications.csv}
KERAS_APPLICATIONS: Families = {
    "resnet": {f"resnet{depth}_keras": f"ResNet{depth}" for depth in (50, 101, 152)},
    "resnet_v2": {f"resnet{depth}_v2": f"ResNet{depth}V2" for depth in (50, 101, 152)},
    "densenet": {f"densenet{depth}": f"DenseNet{depth}" for depth in (121, 169, 201)},
    "mobilenet": {None: "MobileNet"},
    "mobilenet_v2": {None: "MobileNetV2"},
    "mobilenet_v3": {"large": "MobileNetV3Large", "small": "MobileNetV3Small"},
    "efficientnet": {f"b{number}": f"EfficientNetB{number}" for number in range(8)},
    "efficientnet_v2": {size: f"EfficientNetV2{size.upper()}" for size in ("b0", "b1", "b2", "b3", "s", "m", "l")},
    "convnext": {size: f"ConvNeXt{size.title()}" for size in ("tiny", "small", "base", "large")}
    | {"xlarge": "ConvNeXtXLarge"},
}
#: spec: {preset: row of published.csv}
PUBLISHED: Families = {
    "resnet": {"resnet101_he": "ResNet-101 (He, v1)", "resnet152_he": "ResNet-152 (He, v1)"},
    "mobilenet": {None: "MobileNet v1 1.0-224 (Caffe)"},
    "resnet_cifar": {f"resnet{depth}": f"ResNet-{depth} CIFAR-10" for depth in (20, 56, 110)},
    "wide_resnet": {"wrn_28_10": "WRN-28-10 CIFAR-10"},
    "densenet": {"densenet_bc_100": "DenseNet-BC-100 k=12 CIFAR-10"},
    "shufflenet": {"shufflenet_g3": "ShuffleNet v1 1.0x g=3"},
}
#: mean, variance and count, by which keras.applications.EfficientNetB* normalizes its images
STATISTICS_OF_IMAGES = 7


def members(table: Families) -> list[tuple[str, str | None, str]]:
    return [(spec, preset, name) for spec, presets in table.items() for preset, name in presets.items()]


def member(spec: str, preset: str | None, **params: int) -> Model:
    return compile_spec(FOLDER / f"{spec}.yaml", preset=preset, params=params)


@pytest.mark.parametrize(("spec", "preset", "name"), each(members(TORCHVISION)))
def test_torchvision(spec: str, preset: str | None, name: str) -> None:
    row = figures_of_others("torchvision.csv", "model")[name]
    model = member(spec, preset, size=int(row["crop_size"]))
    assert model.params.trainable == int(row["num_params"])
    assert model.macs == pytest.approx(1e9 * float(row["ops_gflops_multiply_add"]), abs=0.51e6)


@pytest.mark.parametrize(("spec", "preset", "name"), each(members(KERAS_APPLICATIONS)))
def test_keras_applications(spec: str, preset: str | None, name: str) -> None:
    row = figures_of_others("keras_applications.csv", "name")[name]
    model = member(spec, preset)
    assert model.inputs["image"].shape == ("N", int(row["input_hw"]), int(row["input_hw"]), 3)
    assert model.params.trainable == int(row["trainable"])
    besides = STATISTICS_OF_IMAGES if spec == "efficientnet" else 0
    assert model.params.non_trainable == int(row["non_trainable"]) - besides
    assert model.macs == int(row["macs"])


@pytest.mark.parametrize(("spec", "preset", "name"), each(members(PUBLISHED)))
def test_published(spec: str, preset: str | None, name: str) -> None:
    row = figures_of_others("published.csv", "system")[name]
    model = member(spec, preset)
    assert model.params.trainable == int(row["params"])
    if row["kind"] == "official-definition-counted":
        assert model.macs == int(row["macs"])


@pytest.mark.parametrize("depth", [18, 34])
def test_plain_nets_are_residual_nets_without_projections(depth: int) -> None:
    """Each has (C + 2) 2C weights, of a 1x1 convolution from C maps to 2C and its normalization."""
    projections = sum((channels + 2) * 2 * channels for channels in (64, 128, 256))
    plain, residual = member("plain", f"plain{depth}"), member("resnet", f"resnet{depth}")
    assert plain.params.trainable == residual.params.trainable - projections
