"""Keeps the framework-free tests free of frameworks, so that they stay fast and prove what they claim."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

FRAMEWORKS = {"keras", "tensorflow", "jax"}


def loaded_frameworks() -> set[str]:
    return FRAMEWORKS & sys.modules.keys()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-cases", action="store_true", help="rewrite what the pages of tests/cases expect")
    parser.addoption("--update-golden", action="store_true", help="rewrite the emitted modules in tests/golden")
    parser.addoption("--cases", type=int, default=2000, help="how many layer cases to generate (tests/oracle)")
    parser.addoption("--seed", type=int, default=1, help="of the generated layer cases")


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.items and loaded_frameworks() and not any(item.get_closest_marker("keras") for item in session.items):
        raise pytest.UsageError(f"{loaded_frameworks()} was imported by collecting tests that are not marked `keras`")
    gc.freeze()  # thousands of tests stay to the end: looking for garbage among them took a tenth of a fast run


@pytest.fixture(autouse=True)
def framework_free(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test without the mark `keras` must not load a framework."""
    before = loaded_frameworks()
    yield
    if request.node.get_closest_marker("keras") is None:
        assert loaded_frameworks() == before, "mark this test with @pytest.mark.keras"
