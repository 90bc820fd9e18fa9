"""Owns what one elaboration shares: the diagnostics with the calls that led to them, the budget of work, the memoised
graphs of blocks, and the types seen at each place. Knows no expression and no operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from netwright.compiler.ir import Graph, Value
from netwright.compiler.ops.assumptions import suppositions
from netwright.compiler.values import BlockLayer
from netwright.dsl.diagnostics import Diagnostic, Diagnostics, Label, Severity
from netwright.dsl.records import entity, field, record
from netwright.dsl.source import Span

#: evaluation steps (expressions, applications, turns of loops) that one spec may take
MAX_STEPS = 2_000_000
#: calls of blocks inside calls
MAX_CALLS = 200


class Poisoned(Exception):
    """The expression failed and the user has been told; what depends on it is given up."""


@record
class Frame:
    """One call of a block in progress."""

    call: str
    span: Span


@entity
class Session:
    """The state of one elaboration."""

    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    frames: list[Frame] = field(default_factory=list)
    #: the graph of each block as called with given arguments and operand types; None where its body failed
    graphs: dict[Any, Graph | None] = field(default_factory=dict)
    #: every distinct call of each block, for backends that write one function a block
    calls: list[tuple[BlockLayer, Graph]] = field(default_factory=list)
    #: the operator class of each extern
    externs: dict[Any, Any] = field(default_factory=dict)
    #: (place, value) of bindings, results and stages, in order of evaluation
    seen: list[tuple[Span, Any]] = field(default_factory=list)
    #: keys of the graphs that are being built
    building: set[Any] = field(default_factory=set)
    #: what rules supposed of symbolic sizes, and the user has been told
    supposed: set[str] = field(default_factory=set)
    steps: int = 0
    #: where the last step was taken
    place: Span | None = None

    def fail(
        self,
        code: str,
        message: str,
        span: Span | None,
        *,
        label: str = "",
        labels: tuple[Label, ...] = (),
        help: str | None = None,
    ) -> NoReturn:
        """Report an error and give up the expression."""
        self.report(code, message, span, label=label, labels=labels, help=help)
        raise Poisoned

    def report(
        self,
        code: str,
        message: str,
        span: Span | None,
        *,
        label: str = "",
        labels: tuple[Label, ...] = (),
        help: str | None = None,
        warning: bool = False,
    ) -> None:
        """Add a diagnostic, with the calls in progress as notes."""
        severity: Severity = "warning" if warning else "error"
        self.diagnostics.add(Diagnostic(code, message, span, label, labels, self._notes(), help, severity))

    def tell_suppositions(self, what: str, span: Span, labels: Callable[[], tuple[Label, ...]]) -> None:
        """Warn of what the rules of the operator just applied had to suppose, each thing once for the whole spec."""
        untold = [supposed for supposed in suppositions() if supposed not in self.supposed]
        if untold:
            self.supposed.update(untold)
            message = f"{what}: supposed, for it cannot be decided: {', '.join(untold)}"
            help = "give sizes that must be equal one name, or give numbers: in the inputs' types or with `--set`"
            self.report("undecidable", message, span, labels=labels(), help=help, warning=True)

    def _notes(self) -> tuple[str, ...]:
        notes = [
            f"in {frame.call}, called at {frame.span.source.name}:{frame.span.line}:{frame.span.column}"
            for frame in reversed(self.frames)
        ]
        if len(notes) > 6:
            notes[3:-2] = [f"... {len(notes) - 5} calls more ..."]
        return tuple(notes)

    @contextmanager
    def calling(self, call: str, span: Span) -> Iterator[None]:
        """Inside a call of a block; refuses calls nested without end."""
        if len(self.frames) >= MAX_CALLS:
            self.fail(
                "endless-recursion",
                f"blocks call each other more than {MAX_CALLS} deep",
                span,
                help="a recursive block needs a condition that ends it: `... if depth > 0 else x`",
            )
        self.frames.append(Frame(call, span))
        try:
            yield
        finally:
            self.frames.pop()

    def spend(self, span: Span, steps: int = 1) -> None:
        """Count work; a spec that asks for too much is refused."""
        if self.steps > MAX_STEPS:
            raise Poisoned  # told already
        self.steps += steps
        self.place = span
        if self.steps > MAX_STEPS:
            self.fail("model-too-large", f"laying out this spec takes more than {MAX_STEPS:,} steps", span)

    def saw(self, span: Span, value: Any) -> None:
        """Remember what an expression came to, if it is made of tensors."""
        if isinstance(value, (Value, tuple)):
            self.seen.append((span, value))
