"""What emitted modules import of the user's own. No framework, and no such package."""

from __future__ import annotations

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit

HEAD = 'netwright: 1\nname: t\ninputs: {x: "f32[N, 3]"}\nexterns:\n'
CLASSES = (
    "alpha.beta:Arange",  # what emitted modules may define
    "alpha.beta:Attention",
    "alpha.beta:AVeryLongNameOfALayerForLines",
    "alpha.beta:AnotherVeryLongNameOfALayerForLines",
    "keras.layers:Dropout",
    "zeta:BASE",
    "zeta:lower",
)


def test_imports_stand_as_isort_has_them() -> None:
    rows = [
        f"""  "x: f32[N, C] -> f{n}(a=[1, none], b='s'): f32[N, C]": {{python: "{python}", params: 0}}\n"""
        for n, python in enumerate(CLASSES)
    ]
    chain = " -> ".join(f"f{n}" for n in range(len(CLASSES)))
    text = emit(compile_spec(f"{HEAD}{''.join(rows)}model: |\n  x -> {chain} -> dense(3)\n"))
    assert "depends on Keras, alpha and zeta." in text
    assert [line for line in text.partition("\ndef ")[0].splitlines()[4:] if line] == [
        "import keras",
        "from alpha.beta import (",
        "    AnotherVeryLongNameOfALayerForLines,",
        "    Attention,",
        "    AVeryLongNameOfALayerForLines,",
        ")",
        "from alpha.beta import Arange as Arange_",
        "from keras import layers",
        "from keras.layers import Dropout",
        "from zeta import BASE, lower",
    ]
    assert 'Dropout(a=(1, None), b="s")(' in text


def test_a_class_that_nothing_uses_is_not_imported() -> None:
    unused = '  "x: f32[N, C] -> mine: f32[N, C]": {python: "alpha:Mine", params: 0}\n'
    text = emit(compile_spec(f"{HEAD}{unused}model: |\n  x -> dense(3)\n"))
    assert "alpha" not in text
    assert "depends on Keras alone." in text
