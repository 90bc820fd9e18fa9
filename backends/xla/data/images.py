"""Owns reading a folder of images, one folder a class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netwright.backends.xla.data.table import DataFault, Table
from netwright.backends.xla.errors import ExecutionError
from netwright.compiler.training.plan import DataSource
from netwright.compiler.types import TensorType

if TYPE_CHECKING:
    from netwright.backends.xla.data.table import Array

SUFFIXES = frozenset(".png .jpg .jpeg .bmp .gif .webp .ppm .pgm .tif .tiff".split())
_MODES = {"rgb": "RGB", "grayscale": "L", "rgba": "RGBA"}
_MODE_OF_CHANNELS = {1: "grayscale", 3: "rgb", 4: "rgba"}


def read_images(source: DataSource, path: Path, inputs: Mapping[str, TensorType]) -> Table:
    """`image`, u8 [examples, height, width, channels], and `label`, the name of the folder. Size and channels are what
    the spec says, or else what its input of rank 4 takes."""
    import numpy as np

    files = _files(source, path)
    type = next((type for type in inputs.values() if type.rank in (3, 4)), None)
    mode = _MODES[source.options.get("color_mode") or _color_mode(type)]
    size = source.options.get("image_size") or _size(type)
    images = [_pixels(file, mode, size) for file in files]
    _check_sizes(files, images)
    labels = np.array([file.parent.name for file in files])
    return Table({"image": np.stack(images), "label": labels}, ("image",), ("label",))


def _files(source: DataSource, path: Path) -> list[Path]:
    """The images, by class and name."""
    if not path.is_dir():
        raise DataFault(f"'{source.name}' is no folder")
    folders = sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    files = [file for folder in folders for file in sorted(folder.iterdir()) if file.suffix.lower() in SUFFIXES]
    if not files:
        help = f"{source.name}/CLASS/NAME.png; images end in {', '.join(sorted(SUFFIXES))}"
        raise DataFault(f"the folder '{source.name}' holds no folders of images", help)
    return files


def _color_mode(type: TensorType | None) -> str:
    channels = 1 if type is not None and type.rank == 3 else type.shape[-1] if type is not None else 3
    return _MODE_OF_CHANNELS.get(channels, "rgb") if isinstance(channels, int) else "rgb"


def _size(type: TensorType | None) -> tuple[Any, ...] | None:
    """(height, width) of the input; None where it takes any size."""
    size = type.shape[1:3] if type is not None else ()
    return size if size and all(isinstance(dim, int) for dim in size) else None


def _pixels(file: Path, mode: str, size: tuple[int, int] | None) -> Array:
    import numpy as np

    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        raise ExecutionError("images need Pillow, not installed here", help="pip install 'netwright[data]'") from error
    try:
        with Image.open(file) as opened:
            image = opened.convert(mode)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataFault(f"'{file.parent.name}/{file.name}' cannot be read as an image: {error}") from error
    if size is not None and image.size != (size[1], size[0]):
        image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    pixels = np.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _check_sizes(files: list[Path], images: list[Array]) -> None:
    for file, image in zip(files, images, strict=True):
        if image.shape != images[0].shape:
            one, other = (f"{at.parent.name}/{at.name}" for at in (files[0], file))
            sizes = f"'{one}' is {images[0].shape[:2]}, '{other}' is {image.shape[:2]}"
            raise DataFault(f"the images have several sizes: {sizes}", "`image_size: [height, width]` resizes them")
