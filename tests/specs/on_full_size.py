"""The emitted code of each spec as it stands, built and counted by Keras (see `test_specs_run.py`)."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit

pytestmark = pytest.mark.keras
SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))


@pytest.fixture(autouse=True)
def memory_freed() -> Iterator[None]:
    """Layers and their model refer to each other: without this, several big ones would be held at once."""
    yield
    gc.collect()


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_full_size(spec: Path) -> None:
    model = compile_spec(spec)
    module: dict[str, Any] = {"__name__": "emitted"}
    exec(emit(model), module)
    keras_model = module["build_model"]()
    assert keras_model.count_params() == model.params.total
    (output,) = model.outputs.values()
    assert keras_model.output_shape == tuple(None if isinstance(dim, str) else dim for dim in output.shape)
