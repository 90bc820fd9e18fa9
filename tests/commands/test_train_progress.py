"""How training is shown while it runs."""

from __future__ import annotations

import io
import re

import pytest

from netwright.commands import train_progress
from netwright.commands.train_progress import TerminalProgress, duration


class Clock:
    """A clock that tests set."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(train_progress, "time", clock)
    return clock


def test_the_pace_leaves_out_the_first_step_which_compiles(clock: Clock) -> None:
    stream = io.StringIO()
    progress = TerminalProgress(stream)
    progress.begin(epochs=3, steps=10, done=0)
    for step in range(1, 11):
        clock.now += 60.0 if step == 1 else 0.5
        progress.step(1, step, None)
    progress.epoch(1, {"loss": 0.25})
    assert stream.getvalue() == "epoch 1/3  2.00 steps/s  10 s left  loss 0.25\n"


def test_a_run_that_goes_on_counts_its_own_steps(clock: Clock) -> None:
    stream = io.StringIO()
    progress = TerminalProgress(stream)
    progress.begin(epochs=2, steps=10, done=10)
    for step in range(1, 11):
        clock.now += 0.25
        progress.step(2, step, None)
    progress.epoch(2, {"loss": 1.0})
    assert re.match(r"epoch 2/2  4\.00 steps/s  loss 1\n", stream.getvalue())


class Terminal(io.StringIO):
    """A stream that is a terminal; `lines` are what it showed one after another on one line."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        return self.getvalue().split("\r\033[K")[1:]


def test_a_terminal_shows_one_line_that_is_rewritten(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    progress = TerminalProgress(stream)
    progress.begin(epochs=2, steps=32, done=0)
    for step in range(1, 33):
        clock.now += 1 / 32
        progress.step(1, step, {"loss": 2.0, "accuracy": 0.5} if progress.wants_figures() else None)
    progress.epoch(1, {"loss": 1.5, "val_loss": [1.0, None]})
    progress.close()
    assert stream.lines == [
        "compiling",
        "epoch 1/2  ━━━━━━━━────────  32 steps/s  2 s left  loss 2  accuracy 0.5",
        "epoch 1/2  ━━━━━━━━━━━━━━━━  32 steps/s  1 s left  loss 2  accuracy 0.5",
        "epoch 1/2  ━━━━━━━━━━━━━━━━  32 steps/s  1 s left  loss 1.5  val_loss [1 none]\n",
    ]


def test_a_narrow_terminal_is_not_overrun(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    stream = Terminal()
    progress = TerminalProgress(stream)
    progress.begin(epochs=1, steps=1, done=0)
    progress.epoch(1, {"loss": 1.5})
    assert max(map(len, stream.lines)) == 29


@pytest.mark.parametrize(("seconds", "text"), [(42, "42 s"), (185, "3:05 min"), (7800, "2:10 h")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
