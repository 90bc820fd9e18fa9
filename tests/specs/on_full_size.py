"""The emitted code of each spec as it stands, and of each member, built and counted by Keras (see `test_specs_run.py`).
Variables are left without values: 175 billion parameters would take no memory either."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import pytest
from emitted_models import output_shapes, shapes_of
from reference_specs import PATHS

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.compiler.family import members_of
from netwright.dsl.document import read_spec

pytestmark = pytest.mark.keras
MEMBERS = [
    pytest.param(path, preset, id=f"{path.stem}-{preset}" if preset else path.stem)
    for path in PATHS
    for preset in members_of(read_spec(path))
]


@pytest.fixture(autouse=True)
def memory_freed() -> Iterator[None]:
    """Layers and their model refer to each other: without this, several big ones would be held at once."""
    yield
    gc.collect()


@pytest.mark.parametrize(("spec", "preset"), MEMBERS)
def test_full_size(spec: Path, preset: str | None) -> None:
    model = compile_spec(spec, preset=preset)
    module: dict[str, Any] = {"__name__": "emitted"}
    exec(emit(model), module)
    with keras.StatelessScope(initialize_variables=False):
        keras_model = module["build_model"]()
    assert keras_model.count_params() == model.params.total
    assert shapes_of(keras_model) == output_shapes(model)
