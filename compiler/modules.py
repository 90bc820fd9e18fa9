"""Owns the loading of the spec files that a spec uses, each once, and the values of their params."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from netwright.compiler.scope import Module
from netwright.dsl.diagnostics import Diagnostic, Diagnostics, SpecError
from netwright.dsl.document import read_spec, resolve_use
from netwright.dsl.records import replace
from netwright.dsl.tree import Spec

#: more files than any real spec uses
MAX_FILES = 200


class ReadSpec(Protocol):
    """How the spec in a file is read: `read_spec`, or what reads each file once for many specs."""

    def __call__(self, path: Path, *, root: Path | None) -> Spec: ...


def load_modules(spec: Spec, root: Path | None, diagnostics: Diagnostics, read: ReadSpec = read_spec) -> list[Module]:
    """The module of `spec` first, then those it uses, directly or not. Files may use each other in a circle: they lend
    each other blocks, and blocks are bound when they are called."""
    main = Module(spec)
    loaded: dict[Path, Module] = {spec.source.path.resolve(): main} if spec.source.path else {}
    modules = [main]
    for module in modules:  # grows as files are found
        _define_names(module)
        for use in module.spec.uses:
            try:
                path = resolve_use(module.spec, use, root)
                if path not in loaded:
                    if len(modules) >= MAX_FILES:
                        message = f"more than {MAX_FILES} files are used"
                        raise SpecError([Diagnostic("model-too-large", message, use.span)])
                    loaded[path] = Module(read(path, root=root))
                    modules.append(loaded[path])
                module.uses[use.alias] = loaded[path]
            except SpecError as error:  # what has no place, such as a file that is not there, is said at its `use`
                diagnostics.extend(replace(d, span=use.span) if d.span is None else d for d in error.diagnostics)
    return modules


def _define_names(module: Module) -> None:
    spec = module.spec
    module.blocks = {layer.name: layer for layer in spec.own_layers}
    module.places = {entry.name: entry.span for entry in (*spec.params, *spec.layers)}
    module.places |= {use.alias: use.span for use in spec.uses}
