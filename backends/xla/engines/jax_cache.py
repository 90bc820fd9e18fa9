"""Owns where JAX keeps what it has compiled, so that a second start of the same program finds it."""

from __future__ import annotations

import os
from pathlib import Path

import jax

#: bytes; what was not used for longest goes first
_MOST = 1 << 30
#: seconds that compiling took; to keep another program JAX looks at all that are kept
_LEAST = 0.3


def keep_compiled() -> None:
    """Let JAX keep programs in $XDG_CACHE_HOME/netwright, or ~/.cache/netwright; JAX_COMPILATION_CACHE_DIR names
    another folder. Where there is neither, nothing is kept."""
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return
    jax.config.update("jax_compilation_cache_dir", str(home / "netwright" / "jax"))
    jax.config.update("jax_compilation_cache_max_size", _MOST)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", _LEAST)
