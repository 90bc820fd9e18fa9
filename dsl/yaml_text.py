"""Owns reading YAML safely into located nodes: parser events only, no object is ever constructed, nothing
recurses with the nesting of the text. Knows nothing of what a spec may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from netwright.dsl.diagnostics import Diagnostic, Diagnostics, Label
from netwright.dsl.nodes import Broken, Items, Map, Node, Scalar
from netwright.dsl.plain import AmbiguousNumber, resolve
from netwright.dsl.source import Source, Span
from netwright.dsl.split_calls import is_open_call, join_parts, whole_calls

MAX_DEPTH = 100
_PROPERTY = re.compile(r"[&!*]\S*")
_FEATURES = {
    "anchor": ("an anchor", "write the value out where it is needed, or make it a param"),
    "alias": ("an alias", "write the value out; text that begins with `*` needs quotes"),
    "tag": ("a tag", "leave it out; text that begins with `!` needs quotes"),
    "merge": ("a merge key", "write the keys out"),
    "document": ("a second document", "write one spec a file"),
}


def read_nodes(source: Source, found: Diagnostics) -> Node | None:
    """The root node of the document, None for an empty one. What is wrong goes to `found`; where that leaves
    nothing sensible to read, SpecError is raised at once (yaml-syntax, too-deep)."""
    composer = _Composer(source, found)
    for event in _events(source, found):
        _HANDLERS[type(event).__name__](composer, event)
        if composer.is_done:
            break
    return composer.root


def _events(source: Source, found: Diagnostics) -> Iterator[Any]:
    import yaml

    parser = _loader()(source.text)
    try:
        while (event := parser.get_event()) is not None:
            yield event
    except yaml.YAMLError as error:
        from netwright.dsl.yaml_errors import explain

        found.add(explain(source, error))
        found.raise_errors()


@cache
def _loader() -> Any:
    """The loader whose event parser is used: libyaml's where PyYAML has it, about ten times the faster."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Composer:
    """Builds nodes from events, with a stack of its own: the open collections and each one's waiting key."""

    def __init__(self, source: Source, found: Diagnostics) -> None:
        self.source = source
        self.found = found
        self.root: Node | None = None
        self.is_done = False
        self._documents = 0
        self._open: list[Items | Map] = []
        self._keys: list[Node | None] = []
        self._tagged: set[Node] = set()

    def document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._feature("document", event)
            self.is_done = True

    def alias(self, event: Any) -> None:
        self._feature("alias", event)
        self._place(Broken(event.start_mark.index, event.end_mark.index))

    def scalar(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        if event.anchor or event.tag:
            self._properties(event)
            return self._place(Broken(start, end))
        style, text = event.style or "", event.value
        try:
            value = text if style else resolve(text)
        except AmbiguousNumber as fault:
            self._report("invalid-value", str(fault), Span(self.source, start, end), help=fault.help)
            return self._place(Broken(start, end))
        self._place(Scalar(start, end, text, style, value))

    def start_items(self, event: Any) -> None:
        self._start(event, Items(event.start_mark.index, event.start_mark.index, []))

    def start_map(self, event: Any) -> None:
        self._start(event, Map(event.start_mark.index, event.start_mark.index))

    def finish(self, event: Any) -> None:
        """A block collection ends with its last child: the event stands at the next token, lines below."""
        node = self._open.pop()
        self._keys.pop()
        end = event.end_mark.index
        is_flow = event.start_mark.index < end
        if is_flow and isinstance(node, Items):
            node.items = list(whole_calls(node.items))
        node.end = end if is_flow else _last_end(node)
        self._place(Broken(node.start, node.end) if node in self._tagged else node)

    def ignore(self, event: Any) -> None:
        pass

    def _start(self, event: Any, node: Items | Map) -> None:
        if event.anchor or event.tag:
            self._properties(event)
        if event.tag:
            self._tagged.add(node)
        self._open.append(node)
        self._keys.append(None)
        if len(self._open) > MAX_DEPTH:
            message = f"the document is nested more than {MAX_DEPTH} deep"
            self._report("too-deep", message, Span(self.source, node.start, node.start + 1))
            self.found.raise_errors()

    def _place(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent, Items):
            parent.items.append(node)
        elif self._keys[-1] is None:
            self._keys[-1] = node
        else:
            self._enter(parent, self._keys[-1], node)
            self._keys[-1] = None

    def _enter(self, parent: Map, key: Node, value: Node) -> None:
        parent.end = value.end
        if _is_blank(value) and self._goes_on(parent, key):
            return
        if not isinstance(key, Scalar):
            if not isinstance(key, Broken):
                help = "text that begins with `{` or `[` needs quotes"
                self._report("wrong-type", "a key must be text", key.head(self.source), help=help)
        elif key.text == "<<" and not key.style:
            if not isinstance(value, Broken):
                self._report_feature("merge", key.span(self.source))
        elif key.text in parent.entries:
            self._duplicate(parent.entries[key.text][0], key)
        else:
            parent.entries[key.text] = (key, value)

    def _goes_on(self, parent: Map, key: Node) -> bool:
        """In `{G: f(1, 2)}` YAML ends the value at the comma and makes `2)` a key: put them together again."""
        if not parent.entries or not isinstance(key, Scalar) or key.style:
            return False
        name, (first, value) = next(reversed(parent.entries.items()))
        if not is_open_call(value) or self.source.text[value.end : key.start].strip() != ",":
            return False
        parent.entries[name] = (first, join_parts([value, key]))
        return True

    def _duplicate(self, first: Scalar, again: Scalar) -> None:
        label = Label(first.span(self.source), "first here")
        message = f"the key `{again.text}` stands here twice"
        place = again.span(self.source)
        self.found.add(Diagnostic("duplicate-key", message, place, labels=(label,), help="keep one of the two"))

    def _properties(self, event: Any) -> None:
        self._feature("tag" if event.tag else "anchor", event)

    def _feature(self, kind: str, event: Any) -> None:
        start = event.start_mark.index
        match = _PROPERTY.match(self.source.text, start)
        self._report_feature(kind, Span(self.source, start, match.end() if match else event.end_mark.index))

    def _report_feature(self, kind: str, span: Span) -> None:
        what, help = _FEATURES[kind]
        self._report("yaml-feature", f"{what}: specs do without this feature of YAML", span, help=help)

    def _report(self, code: str, message: str, span: Span, help: str | None = None) -> None:
        self.found.add(Diagnostic(code, message, span, help=help))


_HANDLERS = {
    "StreamStartEvent": _Composer.ignore,
    "StreamEndEvent": _Composer.ignore,
    "DocumentStartEvent": _Composer.document,
    "DocumentEndEvent": _Composer.ignore,
    "AliasEvent": _Composer.alias,
    "ScalarEvent": _Composer.scalar,
    "SequenceStartEvent": _Composer.start_items,
    "SequenceEndEvent": _Composer.finish,
    "MappingStartEvent": _Composer.start_map,
    "MappingEndEvent": _Composer.finish,
}


def _last_end(node: Items | Map) -> int:
    if isinstance(node, Items):
        return node.items[-1].end if node.items else node.start
    return max(node.end, node.start)


def _is_blank(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_blank
