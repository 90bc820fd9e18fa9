"""Check specs: shapes, arguments, and what each claims of itself. Needs no framework and writes nothing.

Folders stand for the specs in them; a spec with presets is checked with each, unless one or other params are chosen.
The exit status is 0 if all is well, 1 if a spec has errors or a check fails.

  netwright check specs/resnet.yaml
  netwright check specs --format json > report.json
  netwright check net.yaml --set classes=10 --format github     # annotations in a pull request
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from netwright.commands.spec_options import add_params
from netwright.compiler.family import Member, all_diagnostics, compile_member, default_member, members_of
from netwright.compiler.modules import ReadSpec
from netwright.dsl.diagnostics import Diagnostic, SpecError
from netwright.dsl.document import read_spec
from netwright.dsl.render_formats import to_json
from netwright.output import print_text

#: the key that marks a file as a spec
_MARK = re.compile(rb"^(\xef\xbb\xbf)?[\"']?netwright[\"']?\s*:", re.MULTILINE)


class Checked:
    """One file after checking: the member that was asked for, or all; `default` is the one that stands for the file."""

    def __init__(self, file: str, members: Sequence[Member], default: str | None = None) -> None:
        self.file = file
        self.members = members
        self.default = next((member for member in members if member.preset == default), members[0])
        self.diagnostics = all_diagnostics(members)

    @property
    def ok(self) -> bool:
        return all(member.ok for member in self.members)

    def report(self) -> dict[str, Any]:
        """The JSON object of this file (see docs/json.md)."""
        model = self.default.model
        report: dict[str, Any] = {"file": self.file} if model is None else model.report()
        report |= {"ok": self.ok, "diagnostics": [to_json(item) for item in self.diagnostics]}
        if len(self.members) > 1:
            report["members"] = [member.report() for member in self.members]
        return report


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="spec files, or folders of them")
    add_params(parser)
    parser.add_argument("--format", choices=sorted(_FORMATS), default="text", help="what to print (default: text)")


def run(options: argparse.Namespace) -> int:
    """Check every file; all are checked, whatever is found in the first."""
    files = dict.fromkeys(file for name in options.files for file in spec_files(name))
    with _no_collection():
        read = cache(read_spec)  # what many specs use is read once
        checked = [_check(file, options, read) for file in files]
    _FORMATS[options.format](checked)
    return 0 if all(item.ok for item in checked) else 1


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without Python's garbage collector, which would look through the graph again and again while it grows: a third of
    the time, and there is next to nothing to collect."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def spec_files(name: str) -> list[str]:
    """The file, or the specs in the folder and below, in order: YAML files with the key `netwright`."""
    path = Path(name)
    if not path.is_dir():
        return [name]
    files = (file for suffix in ("*.yaml", "*.yml") for file in path.rglob(suffix))
    return sorted(str(file) for file in files if _is_spec(file)) or [name]


def _is_spec(file: Path) -> bool:
    """Whether it says that it is one; what cannot be read is left to those who say why."""
    try:
        return file.is_file() and _MARK.search(file.read_bytes()) is not None
    except OSError:
        return True


def _check(file: str, options: argparse.Namespace, read: ReadSpec) -> Checked:
    """With the params and the preset that were asked for; if none were, every member."""
    path = Path(file)
    if path.is_dir():
        return _refused(file, [Diagnostic("unreadable-file", f"there is no spec in the folder `{file}`", None)])
    try:
        spec = read_spec(path)
    except SpecError as error:
        return _refused(file, error.diagnostics)
    params = dict(options.params)
    presets = [options.preset] if params or options.preset else members_of(spec)
    members = [compile_member(spec, preset, params=params, root=path.parent, read=read) for preset in presets]
    return Checked(file, members, default_member(spec))


def _refused(file: str, diagnostics: list[Diagnostic]) -> Checked:
    return Checked(file, [Member(None, None, diagnostics)])


# ---------------------------------------------------------------- formats


def _print_text(checked: list[Checked]) -> None:
    from netwright.backends.report.check_text import check_text
    from netwright.commands.terminal import use_color
    from netwright.dsl.render import render_text

    color = use_color(sys.stdout)
    for item in checked:
        for diagnostic in item.diagnostics:
            print_text(render_text(diagnostic, color=color) + "\n\n")
        print_text(check_text(item.file, item.members, item.diagnostics) + "\n")


def _print_json(checked: list[Checked]) -> None:
    reports = [item.report() for item in checked]
    print_text(json.dumps(reports[0] if len(reports) == 1 else reports, indent=1) + "\n")


def _print_github(checked: list[Checked]) -> None:
    from netwright.dsl.render_formats import to_github

    if found := _all(checked):
        print_text(to_github(found) + "\n")


def _print_sarif(checked: list[Checked]) -> None:
    from netwright.dsl.render_formats import to_sarif
    from netwright.version import __version__

    print_text(json.dumps(to_sarif(_all(checked), __version__), indent=1) + "\n")


def _print_junit(checked: list[Checked]) -> None:
    from netwright.dsl.render_formats import to_junit

    print_text(to_junit({item.file: item.diagnostics for item in checked}))


def _all(checked: list[Checked]) -> list[Diagnostic]:
    """The diagnostics of all files, in order."""
    return [diagnostic for item in checked for diagnostic in item.diagnostics]


_FORMATS: dict[str, Callable[[list[Checked]], None]] = {
    "text": _print_text,
    "json": _print_json,
    "github": _print_github,
    "sarif": _print_sarif,
    "junit": _print_junit,
}
