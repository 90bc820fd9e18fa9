"""Owns the precisions that a model may be trained in, by the names of Keras's dtype policies."""

from __future__ import annotations

from collections.abc import Mapping

#: what layers compute in -> the policy; weights are f32
POLICIES: Mapping[str, str] = {"f32": "float32", "bf16": "mixed_bfloat16", "f16": "mixed_float16"}
