"""Owns the quiet start of frameworks: what their native libraries write to stderr then is shown only if starting
fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile

_STDERR = 2


@contextmanager
def quiet_start() -> Iterator[None]:
    """Hold back what is written to the process's stderr, and write it after all if the body raises."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # what it writes later: warnings alone
    sys.stderr.flush()
    with TemporaryFile() as held:
        before = os.dup(_STDERR)
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(before, held.read())
            raise
        finally:
            os.dup2(before, _STDERR)
            os.close(before)
