"""Owns reading a spec: file or text -> Spec, with all that is wrong in it. The order of the phases is here;
what a key means is in `sections.py`. Other specs are named here (`resolve_use`) and read by the compiler."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from netwright.dsl.diagnostics import Diagnostic, Diagnostics, SpecError
from netwright.dsl.names import RESERVED, duplicate_names, name_fault
from netwright.dsl.nodes import Broken, Map, Node, Scalar, data, describe
from netwright.dsl.reading import Reading
from netwright.dsl.schema import validator
from netwright.dsl.sections import SECTIONS
from netwright.dsl.source import Source, Span
from netwright.dsl.suggest import did_you_mean
from netwright.dsl.text_file import read_source, text_source
from netwright.dsl.tree import Block, Extern, Spec, Use
from netwright.dsl.tree_paths import OutsideTree, path_in_tree
from netwright.dsl.yaml_text import read_nodes

_BEGIN = "a spec begins with `netwright: 1`"


def read_spec(path: Path | str, *, root: Path | None = None) -> Spec:
    """The spec in a file. `root` is the folder tree that its `use` paths may not leave; without it, the
    file's own folder. Raises SpecError with all independent mistakes."""
    found = Diagnostics()
    spec = _read(read_source(path), found)
    if spec:
        found.extend(_use_faults(spec, root))
    return _complete(spec, found)


def read_spec_text(text: str, name: str = "<spec>") -> Spec:
    """The spec in a text, shown under `name`. Raises SpecError with all independent mistakes."""
    found = Diagnostics()
    return _complete(_read(text_source(text, name), found), found)


def resolve_use(spec: Spec, use: Use, root: Path | None = None) -> Path:
    """The file that `use` names. It lies in the tree of `root` (without it: the spec's own folder), also after
    following links; anything else is refused with path-outside-tree. Whether it exists is not asked."""
    home = spec.source.path.parent if spec.source.path else root
    try:
        return path_in_tree(use.path, home, root)
    except OutsideTree as why:
        help = "used specs stand beside the spec or below it"
        diagnostic = Diagnostic("path-outside-tree", f"`{use.path}` cannot be used: {why}", use.span, help=help)
        raise SpecError([diagnostic]) from None


def _use_faults(spec: Spec, root: Path | None) -> Iterator[Diagnostic]:
    for use in spec.uses:
        try:
            resolve_use(spec, use, root)
        except SpecError as error:
            yield from error.diagnostics


def _complete(spec: Spec | None, found: Diagnostics) -> Spec:
    """Raise what was found, or give the spec."""
    if found.has_errors or spec is None:
        raise SpecError(list(found))
    return spec


def _read(source: Source, found: Diagnostics) -> Spec | None:
    """The spec as far as it can be read; None where there is no mapping to read."""
    root = read_nodes(source, found)
    if not isinstance(root, Map):
        if not isinstance(root, Broken):
            found.add(_no_mapping(source, root))
        return None
    reading = Reading(source, found, _refused(source, root, found))
    spec = _spec(reading, root)
    found.extend(_name_faults(spec))
    found.extend(_preset_faults(root, spec))
    return spec


def _refused(source: Source, root: Node, found: Diagnostics) -> set[int]:
    """The ids of the nodes that the schema refuses, which is reported."""
    errors = list(validator().iter_errors(data(root)))
    if not errors:
        return set()
    from netwright.dsl.validation import report_refusals

    return report_refusals(source, root, errors, found)


def _no_mapping(source: Source, root: Node | None) -> Diagnostic:
    if root is None or (isinstance(root, Scalar) and root.is_blank):
        return Diagnostic("missing-key", "the spec is empty", Span(source, 0, 0), help=_BEGIN)
    message = f"a spec is a mapping of keys to values, not {describe(root)}"
    return Diagnostic("wrong-type", message, root.head(source), help=_BEGIN)


def _spec(reading: Reading, root: Map) -> Spec:
    """Every section that is there and well-formed, read in the order of the table."""
    sections = {}
    for section in SECTIONS:
        entry = root.entries.get(section.name)
        readable = entry and reading.usable(entry[1])
        sections[section.attribute] = section.read(reading, *entry) if entry and readable else section.absent
    del sections["netwright"]
    sections["name"] = sections["name"] or (reading.source.path.stem if reading.source.path else "model")
    first = next((key for key, _ in root.entries.values()), root)
    return Spec(source=reading.source, span=reading.span(first), **sections)


def _name_faults(spec: Spec) -> Iterator[Diagnostic]:
    """Blocks and externs named with reserved words (the schema sees only whole headers), and names introduced twice."""
    for block in spec.own_layers:
        if block.name in RESERVED:
            yield name_fault(block.name, _name_span(block))
    yield from duplicate_names(
        (
            *(("param", param.name, param.span) for param in spec.params),
            *(("used spec", use.alias, use.span) for use in spec.uses),
            *(("input", tensor.name, tensor.span) for tensor in spec.inputs),
            *(("block", block.name, _name_span(block)) for block in spec.blocks),
            *(("extern", extern.name, _name_span(extern)) for extern in spec.externs),
            *(("shared layer", layer.name, layer.span) for layer in spec.layers),
        )
    )


def _name_span(block: Block | Extern) -> Span:
    """Where the name stands in the header: after the arrow, if there is one."""
    header = block.span.text
    at = header.find(block.name, 0 if block.is_function else header.find("->"))
    start = block.span.start + max(at, 0)
    return Span(block.span.source, start, start + len(block.name))


def _preset_faults(root: Map, spec: Spec) -> Iterator[Diagnostic]:
    params = root.get("params")
    known = list(params.entries) if isinstance(params, Map) else []
    for preset in spec.presets:
        for value in preset.values:
            if value.name not in known:
                message = f"the preset `{preset.name}` sets `{value.name}`, which is no param"
                yield Diagnostic("unknown-param", message, value.span, help=did_you_mean(value.name, known))
    presets = [preset.name for preset in spec.presets]
    for name in dict.fromkeys(check.preset for check in spec.checks if check.preset):
        if name.id not in presets:
            help = did_you_mean(name.id, presets) or _no_preset(presets)
            yield Diagnostic("unknown-preset", f"the spec has no preset `{name.id}`", name.span, help=help)


def _no_preset(presets: list[str]) -> str:
    if presets:
        return f"it has {', '.join(presets)}"
    return "it has none; YAML reads a colon and a space as `key: value`: if one check is meant, put it in quotes"
