"""Owns the names of the Python API; they are made in `compiler/` and `dsl/`."""

from __future__ import annotations

from netwright.compiler.model import Model, Tensor, compile
from netwright.dsl.diagnostics import CompilerBug, Diagnostic, SpecError

__all__ = ["CompilerBug", "Diagnostic", "Model", "SpecError", "Tensor", "compile"]
