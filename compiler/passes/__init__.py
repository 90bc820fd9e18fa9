"""Passes over the syntax trees of a spec and of those it uses, before they are elaborated. Each is a function of the
session, to which it reports, and the modules, the main one first; `PIPELINE` is their order."""

from __future__ import annotations

from netwright.compiler.passes.check_names import check_names
from netwright.compiler.passes.warn_unused_blocks import warn_unused_blocks

PIPELINE = (check_names, warn_unused_blocks)
