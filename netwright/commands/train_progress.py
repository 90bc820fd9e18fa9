"""Owns how training is shown while it runs: on a terminal one line that is rewritten, elsewhere a line an epoch."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from typing import Any, TextIO

#: seconds between two looks at the figures within an epoch: a look waits for the device
_FIGURES_EVERY = 0.5
_BAR = 16


class TerminalProgress:
    """Progress on a stream."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._open = False
        self._epochs = self._steps = self._done = self._timed_from = 0
        self._began = self._shown = time.monotonic()

    def begin(self, epochs: int, steps: int, done: int) -> None:
        self._epochs, self._steps = epochs, steps
        self._done = done
        self._timed_from = -1  # the first launch compiles: it says nothing of the pace
        self._began = self._shown = time.monotonic()
        if self._live:
            self._rewrite("compiling")

    def wants_figures(self) -> bool:
        return self._live and time.monotonic() - self._shown >= _FIGURES_EVERY

    def step(self, epoch: int, step: int, figures: Mapping[str, Any] | None) -> None:
        self._done = (epoch - 1) * self._steps + step
        if self._timed_from < 0:
            self._timed_from, self._began = self._done, time.monotonic()
        if figures is not None:
            self._shown = time.monotonic()
            self._rewrite(self._text(epoch, step, figures))

    def epoch(self, epoch: int, figures: Mapping[str, Any]) -> None:
        text = self._text(epoch, self._steps, figures)
        if self._live:
            self._rewrite(text)
        else:
            print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """End the line that is shown, so that what follows has its own."""
        if self._open:
            self._stream.write("\n")
            self._open = False

    # ------------------------------------------------------------ text

    def _rewrite(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._stream.write("\r\033[K" + text[:width])
        self._stream.flush()
        self._open = True

    def _text(self, epoch: int, step: int, figures: Mapping[str, Any]) -> str:
        steps = max(self._steps, 1)
        bar = "━" * round(_BAR * step / steps)
        shown = f"{bar:─<{_BAR}}  " if self._live else ""
        return f"epoch {epoch}/{self._epochs}  {shown}{self._pace()}  {figures_text(figures, '  ')}"

    def _pace(self) -> str:
        seconds = max(time.monotonic() - self._began, 1e-9)
        rate = max(self._done - self._timed_from, 0) / seconds
        left = max(self._epochs * self._steps - self._done, 0) / rate if rate else 0
        return f"{rate:.{0 if rate >= 10 else 2}f} steps/s" + (f"  {duration(left)} left" if left >= 1 else "")


def figures_text(figures: Mapping[str, Any], separator: str) -> str:
    """`loss 0.0812, accuracy 0.978`."""
    return separator.join(f"{name} {_figure(value)}" for name, value in figures.items())


def _figure(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + " ".join(_figure(item) for item in value) + "]"
    return f"{value:.4g}" if isinstance(value, (int, float)) else "none"


def duration(seconds: float) -> str:
    """`42 s`, `3:05 min`, `2:10 h`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"
