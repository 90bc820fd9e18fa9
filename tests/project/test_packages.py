"""What is packaged, and who may import whom."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PYPROJECT["tool"]["setuptools"]
FOLDERS = {folder: package for package, folder in SETUPTOOLS["package-dir"].items()}

# What each layer must not import, not even late; netwright → backends → compiler → dsl.
FRAMEWORKS = {"numpy", "tensorflow", "keras", "jax", "jaxlib", "jinja2", "jsonschema"}
FORBIDDEN = {
    "dsl": FRAMEWORKS | {"netwright.compiler", "netwright.backends", "netwright.specs"},
    "compiler": FRAMEWORKS | {"netwright.backends", "netwright.specs", "jsonschema_rs"},
    "backends": {"netwright.specs"},
}
SUBPACKAGES = ("netwright.dsl", "netwright.compiler", "netwright.backends", "netwright.specs")


def modules(folder: str) -> dict[str, Path]:
    """Every Python file below a root folder, by its import name; a package is named by its `__init__`."""
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        inside = path.relative_to(ROOT / folder).with_suffix("").parts
        found[".".join([FOLDERS[folder], *(part for part in inside if part != "__init__")])] = path
    return found


@cache
def imported_names(path: Path) -> set[str]:
    """Everything the file imports anywhere, `from a import b` as `a.b`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def offences(names: set[str], forbidden: set[str]) -> set[str]:
    return {name for name in names for bad in forbidden if f"{name}.".startswith(f"{bad}.")}


def test_packages_are_the_folders_with_python_files() -> None:
    folders = {path.parent for folder in FOLDERS for path in modules(folder).values()}
    names = {".".join([FOLDERS[(rel := path.relative_to(ROOT)).parts[0]], *rel.parts[1:]]) for path in folders}
    assert set(SETUPTOOLS["packages"]) == names
    assert all((folder / "__init__.py").is_file() for folder in folders)


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_no_file_imports_what_its_layer_must_not_know(folder: str) -> None:
    found = {name: offences(imported_names(path), FORBIDDEN[folder]) for name, path in modules(folder).items()}
    assert not {name: bad for name, bad in found.items() if bad}


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_a_lower_layer_does_not_import_the_top(folder: str) -> None:
    for name, path in modules(folder).items():
        top = {i for i in imported_names(path) if i.startswith("netwright.") and not i.startswith(SUBPACKAGES)}
        assert not top - offences(top, {"netwright.version"}), name


def test_dsl_and_compiler_load_without_any_framework() -> None:
    names = [*modules("dsl"), *modules("compiler")]
    program = "import sys; [__import__(name) for name in sys.argv[1:]]; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program, *names], stdout=subprocess.PIPE, text=True, check=True)
    assert not FRAMEWORKS & set(done.stdout.split())


def test_the_version_is_the_installed_one() -> None:
    from importlib.metadata import version

    from netwright.version import __version__

    assert version("netwright") == __version__


@pytest.mark.slow
def test_a_wheel_made_from_the_sdist_holds_every_module_and_data_file(tmp_path: Path) -> None:
    tree = copy_of_what_is_packaged(tmp_path / "tree")
    sdist = "import sys; from setuptools.build_meta import build_sdist; build_sdist(sys.argv[1])"
    subprocess.run([sys.executable, "-c", sdist, str(tmp_path)], cwd=tree, check=True, capture_output=True)
    wheel = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    subprocess.run([*wheel, str(next(tmp_path.glob("*.tar.gz")))], check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as archive:
        assert packaged_files() <= set(archive.namelist())


def copy_of_what_is_packaged(tree: Path) -> Path:
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    return tree


def packaged_files() -> set[str]:
    """The names that the wheel must hold."""
    return {
        f"{package.replace('.', '/')}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, package in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".lark", ".json", ".j2", ".yaml"} or path.name == "py.typed"
    }
