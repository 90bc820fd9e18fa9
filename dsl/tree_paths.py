"""Owns the rule for paths that a spec names: relative, and inside the spec's folder tree, also after following links.
Does not ask whether anything stands there."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath


class OutsideTree(Exception):
    """A path is not one that a spec may name; the message says why."""


def path_in_tree(written: str, home: Path | None, root: Path | None = None) -> Path:
    """The path that `written` means from the folder `home` (none for a spec that is given as text). It lies in the tree
    of `root`, or without it of `home`; anything else raises OutsideTree."""
    if home is None:
        raise OutsideTree("a spec that is given as text has no folder to find other files in")
    if os.path.isabs(written) or PureWindowsPath(written).anchor:
        raise OutsideTree("the path must be relative to the spec")
    path = Path(os.path.normpath(home / written))
    try:
        inside = path.resolve().is_relative_to((root or home).resolve())
    except (OSError, RuntimeError, ValueError):
        raise OutsideTree("this path leads nowhere") from None
    if not inside:
        raise OutsideTree(f"the path leads out of the folder tree of `{root or home}`")
    return path
