"""Which engine `--engine auto` takes: what is installed and loaded decides first, then the device and the model."""

from __future__ import annotations

import pytest

from netwright.api import Model, compile as compile_spec
from netwright.backends.xla.engines import selection
from netwright.backends.xla.engines.selection import suited
from netwright.backends.xla.target import Target

SPEC = """\
netwright: 1
name: mlp
inputs: {{x: "f32[N, {size}]"}}
model: [dense(1_000)]
"""
SMALL, LARGE = 1_000, 1_001


def model(size: int) -> Model:
    """A model of a thousand multiply-adds for each feature of its input: a million are small."""
    return compile_spec(SPEC.format(size=size))


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine that has both engines, of which none is loaded, and no accelerator."""
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setattr(selection, "loaded_backend", lambda: None)
    monkeypatch.setattr(selection, "find_spec", lambda name: name)
    monkeypatch.setattr(selection, "entry_points", lambda group: ())
    return monkeypatch


@pytest.mark.parametrize(("size", "engine"), [(SMALL, "jax"), (LARGE, "tensorflow")])
def test_on_a_cpu_the_size_decides(size: int, engine: str) -> None:
    assert suited(Target(), model(size)).engine == engine


def test_who_asks_for_an_engine_gets_it() -> None:
    assert suited(Target("jax"), model(LARGE)).engine == "jax"


def test_jax_has_the_gpu(machine: pytest.MonkeyPatch) -> None:
    assert suited(Target(device="gpu"), model(LARGE)).engine == "jax"
    machine.setattr(selection, "entry_points", lambda group: ("xla_cuda12",) if group == "jax_plugins" else ())
    assert suited(Target(), model(LARGE)).engine == "jax"
    assert suited(Target(device="cpu"), model(LARGE)).engine == "tensorflow"


def test_what_is_named_stays(machine: pytest.MonkeyPatch) -> None:
    machine.setenv("KERAS_BACKEND", "jax")
    assert suited(Target(), model(LARGE)) == Target()


def test_what_alone_is_installed_stays(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(selection, "find_spec", lambda name: name if name == "jax" else None)
    assert suited(Target(), model(LARGE)) == Target()
