"""Random calls of the functions of keras.ops.image."""

from __future__ import annotations

from random import Random
from typing import Any

from oracle.function_draws import FLOATS, NUMBERS, Call, Generator, maybe

from netwright.compiler.types import TensorType

FORMATS = (None, "channels_last", "channels_first")
RESIZED = (*FLOATS, "i8", "i16", "i32", "u8", "u16")
PROJECTED = ("f32", "f16", "bf16", "i32", "u8")
F = "f32"


def image(
    random: Random, dtypes: tuple[str, ...], format: str | None = None, channels: int = 3, rank: int | None = None
) -> TensorType:
    """One image, or a batch of two."""
    sizes = random.randint(5, 8), random.randint(5, 8)
    dims = (channels, *sizes) if format == "channels_first" else (*sizes, channels)
    batch = (2,) * (rank == 4 or (rank is None and random.random() < 0.5))
    return TensorType(random.choice(dtypes), (*batch, *dims))


def formatted(
    dtypes: tuple[str, ...], channels: tuple[int, ...] = (3,), rank: int | None = None, **attributes: Any
) -> Any:
    def generate(random: Random) -> Call:
        format = random.choice(FORMATS)
        x = image(random, dtypes, format, random.choice(channels), rank)
        return Call({"data_format": format, **{k: random.choice(v) for k, v in attributes.items()}}, (x,))

    return generate


def resize(random: Random) -> Call:
    shape = random.choice([{}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True}])
    x = image(random, FLOATS if "pad_to_aspect_ratio" in shape else RESIZED)
    return Call(
        {"size": (4, random.randint(3, 9)), "interpolation": random.choice(["nearest", "bilinear"]), **shape}, (x,)
    )


def bordered(edge: str) -> Generator:
    """Two of the edges and the target along each axis."""

    def generate(random: Random) -> Call:
        format = random.choice(FORMATS)
        x = image(random, NUMBERS, format)
        target = 3 if edge == "cropping" else 11
        rows: Any = [{f"top_{edge}": 1, f"bottom_{edge}": 0}, {f"top_{edge}": 1, "target_height": target}]
        columns: Any = [{f"left_{edge}": 1, f"right_{edge}": 2}, {f"right_{edge}": 0, "target_width": target}]
        return Call({"data_format": format, **random.choice(rows), **random.choice(columns)}, (x,))

    return generate


def extract_patches(random: Random) -> Call:
    x = image(random, FLOATS)
    strided = random.choice([{}, {"strides": 1}, {"strides": (1, 2)}, {"strides": 1, "dilation_rate": 2}])
    return Call({"size": random.choice([2, (2, 3)]), "padding": random.choice(["valid", "same"]), **strided}, (x,))


def extract_patches_3d(random: Random) -> Call:
    x = TensorType(F, random.choice([(2, 4, 5, 6, 2), (4, 5, 6, 2)]))
    return Call({"size": random.choice([2, (1, 2, 3)]), "strides": random.choice([None, 1, (1, 2, 2)])}, (x,))


def projected(*sizes: int, operands: int = 1, **attributes: Any) -> Generator:
    """Images, and so many tensors of these sizes for each."""

    def generate(random: Random) -> Call:
        x = image(random, PROJECTED)
        given = TensorType(random.choice(["f32", "bf16"]), (*x.shape[:-3], *sizes))
        return Call({k: random.choice(v) for k, v in attributes.items()}, (x, *(given,) * operands))

    return generate


def map_coordinates(random: Random) -> Call:
    x = TensorType(random.choice(NUMBERS), tuple(random.randint(1, 4) for _ in range(random.randint(1, 3))))
    coordinates = TensorType(random.choice(FLOATS), random.choice([(x.rank, 5), (x.rank, 2, 3)]))
    modes = ["constant", "nearest", "wrap", "mirror", "reflect"]
    return Call({"order": random.randint(0, 1), "fill_mode": random.choice(modes)}, (x, coordinates))


def scale_and_translate(random: Random) -> Call:
    x = TensorType(F, (2, 5, 6, 3))
    axes, shape = random.choice([((1, 2), (2, 4, 7, 3)), ((-3,), (2, 4, 6, 3))])
    factor = TensorType(F, (len(axes),))
    given = {"output_shape": shape, "spatial_dims": axes, "method": random.choice(["linear", "bicubic", "lanczos3"])}
    return Call({**given, "antialias": random.random() < 0.5}, (x, factor, factor))


def ssim(random: Random) -> Call:
    format = random.choice(FORMATS)
    x = image(random, ("f32", "bf16", "i32", "u8"), format)
    return Call(
        {"filter_size": random.randint(1, 5), "data_format": format, "max_val": maybe(random, 2.0) or 1.0}, (x, x)
    )


GENERATORS: dict[str, Generator] = {
    "resize": resize,
    "crop_images": bordered("cropping"),
    "pad_images": bordered("padding"),
    "extract_patches": extract_patches,
    "extract_patches_3d": extract_patches_3d,
    "affine_transform": projected(8, fill_mode=["constant", "nearest", "wrap", "reflect"]),
    "perspective_transform": projected(4, 2, operands=2, interpolation=["nearest", "bilinear"]),
    "map_coordinates": map_coordinates,
    "scale_and_translate": scale_and_translate,
    **dict.fromkeys(["rgb_to_hsv", "hsv_to_rgb"], formatted(FLOATS)),
    "rgb_to_grayscale": formatted(NUMBERS, (1, 3)),
    "gaussian_blur": formatted(("f32", "bf16"), (1, 3), kernel_size=[(3, 3), (5, 2)], sigma=[(1.0, 2.0)]),
    "sobel_edges": formatted(FLOATS, (1, 3), rank=4),
    "ssim": ssim,
}
#: what Keras refuses on both backends
REFUSED: list[tuple[str, dict[str, Any], list[tuple[Any, ...]]]] = [
    ("resize", {"size": (4,)}, [(F, 5, 5, 3)]),
    ("resize", {"size": (4, 4), "interpolation": "area5"}, [(F, 5, 5, 3)]),
    ("resize", {"size": (4, 4)}, [(F, 5, 5)]),
    ("crop_images", {"top_cropping": 1, "left_cropping": 1}, [(F, 5, 5, 3)]),
    ("pad_images", {"top_padding": 1, "target_height": 4, "left_padding": 1, "right_padding": 0}, [(F, 5, 5, 3)]),
    ("rgb_to_hsv", {}, [(F, 5, 5, 1)]),
    ("rgb_to_hsv", {}, [("i32", 5, 5, 3)]),
    ("rgb_to_grayscale", {}, [(F, 5, 5, 2)]),
    ("map_coordinates", {"order": 2}, [(F, 5), (F, 1, 3)]),
    ("map_coordinates", {"order": 1}, [(F, 5), (F, 2, 3)]),
    ("affine_transform", {"interpolation": "cubic"}, [(F, 5, 5, 3), (F, 8)]),
    ("ssim", {}, [(F, 5, 5, 3), (F, 5, 5, 3)]),
    ("ssim", {"filter_size": 3}, [(F, 5, 5, 3), (F, 5, 6, 3)]),
]
