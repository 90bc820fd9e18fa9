"""Every spec keeps its own checks, agrees with figures that others published, and is emitted the same each time. All of
this without a framework."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from figures_of_others import figures_of_others
from reference_specs import FOLDER, HANDFUL, PATHS, each

from netwright.api import Model, compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.compiler.family import compile_member, members_of
from netwright.dsl.document import read_spec

HERE = Path(__file__).parent
REDUCED: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "reduced.yaml").read_text())

#: (spec, its row of published.csv, params or the preset that make the spec the row's system)
PUBLISHED = [
    ("lenet5", "LeNet-5 modern (full C3, plain pooling)", {}),
    ("lenet5_original", "LeNet-5 (LeCun 1998, sparse C3, trainable subsampling, fixed RBF)", {}),
    ("lenet_caffe", "LeNet (Caffe MNIST)", {}),
    ("alexnet", "AlexNet (two-tower, groups=2)", {}),
    ("alexnet", 'AlexNet one-tower (torchvision, "one weird trick": 64-192-384-256-256)', "one_tower"),
    ("alexnet", "AlexNet ungrouped same widths", "ungrouped"),
    ("zfnet", "ZFNet", {}),
    ("nin", "NIN CIFAR-10", {}),
    ("vgg", "VGG16", {}),
    ("vgg", "VGG19", "vgg19"),
    ("googlenet", "GoogLeNet / Inception v1 (Caffe, no aux)", {}),
    ("inception_v3", "Inception v3 (torchvision, with aux head)", "auxiliary"),
    ("inception_v3", "Inception v3 (no aux, BN gamma)", "with_factors"),
    ("squeezenet", "SqueezeNet v1.0", "v1_0"),
    ("squeezenet", "SqueezeNet v1.1", "v1_1"),
    ("squeezenet", "SqueezeNet 1.0 (224 input)", {"size": 224, "margin": 0}),
    ("xception", "Xception", {}),
    ("dcgan_generator", "DCGAN generator nz=100 ngf=64", {}),
    ("dcgan_discriminator", "DCGAN discriminator ndf=64", {}),
    ("unet", "U-Net (2015, valid, 572->388, 1 ch, 2 classes)", {}),
    ("siamese", "Siamese one-shot (Koch 2015, 105x105)", {}),
    ("transformer", "Transformer base, shared 37k BPE", {}),
    ("transformer", "Transformer big, shared 37k BPE", {"width": 1024, "hidden": 4096, "heads": 16}),
    ("gpt2", "GPT-2 small, tied", {}),
    ("vit", "ViT-B/16 224", {"size": 384}),  # the row is of torchvision's net for 384 by 384 pixels
    ("dqn", "DQN Nature, 4 actions", {}),
    ("dqn", "DQN Nature, 6 actions", {"actions": 6}),
    ("dqn", "DQN Nature, 18 actions", {"actions": 18}),
    ("recurrent_cells", "LSTM (8 in, 5 units)", {}),
    ("recurrent_cells", "GRU (8 in, 5 units)", {"cell": "gru"}),
    ("recurrent_cells", "GRU reset_after=False (8 in, 5 units)", {"cell": "gru_as_published"}),
    ("recurrent_cells", "SimpleRNN (8 in, 5 units)", {"cell": "simple_rnn"}),
    ("bilstm_timit", "BiLSTM-5L-250H TIMIT", {"depth": 5}),
    ("cnn_ctc", "CNN-(3,5)-10L-ReLU as described (128x4, 256x6, pool 3x1, 3 FC 1024)", {}),
    ("variational_autoencoder", "VAE 784-400-20", {}),
]
#: (spec, params that make the spec the row's network, its row of keras_applications.csv)
KERAS_APPLICATIONS = [
    ("vgg", {}, "VGG16"),
    ("vgg", {"depths": [2, 2, 4, 4, 4]}, "VGG19"),
    ("inception_v3", {}, "InceptionV3"),
    ("inception_resnet", {}, "InceptionResNetV2"),
    ("xception", {}, "Xception"),
]


def compiled(name: str, **options: Any) -> Model:
    return compile_spec(FOLDER / f"{name}.yaml", **options)


# ---------------------------------------------------------------- what a spec says of itself


@pytest.mark.parametrize("name", each())
def test_every_member_keeps_its_checks(name: str) -> None:
    tree = read_spec(FOLDER / f"{name}.yaml")
    for preset in members_of(tree):
        member = compile_member(tree, preset, root=FOLDER)
        assert member.diagnostics == [], preset
        assert member.model is not None
        assert member.model.checks, preset


@pytest.mark.slow
def test_another_process_emits_the_same() -> None:
    code = (
        "import sys; from netwright.api import compile; from netwright.backends.keras.emit import emit\n"
        "sys.stdout.reconfigure(encoding='utf-8', newline='')\n"
        "for path in sys.argv[1:]: sys.stdout.write(emit(compile(path)))"
    )
    written = {
        subprocess.run(
            [sys.executable, "-c", code, *map(str, PATHS)],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert written == {"".join(emit(compile_spec(spec)) for spec in PATHS).encode()}


@pytest.mark.parametrize("name", each(sorted(REDUCED)))
def test_the_reduced_size_is_small_and_has_no_errors_but_failed_checks(name: str) -> None:
    model = compiled(name, params=REDUCED[name])
    assert {diagnostic.code for diagnostic in model.diagnostics} <= {"check-failed"}
    assert model.params.total < 60_000


# ---------------------------------------------------------------- what others say of it


@pytest.mark.parametrize(("spec", "system", "member"), each(PUBLISHED))
def test_published_figures(spec: str, system: str, member: dict[str, Any] | str) -> None:
    row = figures_of_others("published.csv", "system")[system]
    model = compiled(spec, **({"preset": member} if isinstance(member, str) else {"params": member}))
    assert int(row["params"]) in (model.params.total, model.params.trainable)  # many leave moving statistics out
    shape = list(sizes(row["output_shape"]))
    assert shape == list(known(model))[-len(shape) :] or not shape
    if row["kind"] == "official-definition-counted":
        assert model.macs == int(row["macs"])
    elif row["macs"].endswith("M"):  # of imgclsmob, which counts some operations of other layers, too
        assert model.macs == pytest.approx(float(row["macs"][:-1].replace(",", "")) * 1e6, rel=0.02)
    elif row["macs"].isdecimal():
        assert model.macs == pytest.approx(int(row["macs"]), rel=2e-3)


def sizes(shape: str) -> Iterator[int]:
    """The sizes in a shape as the table writes it: no symbols, no batch, no ones."""
    numbers = [int(number) for number in re.findall(r"\d+", shape)]
    return (number for number in (numbers[1:] if re.match(r"\[\d+, ", shape) else numbers) if number > 1)


def known(model: Model) -> Iterator[int]:
    return (dim for dim in next(iter(model.outputs.values())).shape if isinstance(dim, int) and dim > 1)


@pytest.mark.parametrize(("spec", "params", "system"), each(KERAS_APPLICATIONS))
def test_figures_of_keras_applications(spec: str, params: dict[str, Any], system: str) -> None:
    row = figures_of_others("keras_applications.csv", "name")[system]
    model = compiled(spec, params=params)
    found = model.params
    assert [found.total, found.trainable, found.non_trainable] == [
        int(row[name]) for name in ("total", "trainable", "non_trainable")
    ]
    assert model.macs == int(row["macs"])
    assert model.inputs["image"].shape == ("N", int(row["input_hw"]), int(row["input_hw"]), 3)


@pytest.mark.parametrize(
    ("preset", "millions"),
    [
        ("ctc_3l_500h_tanh", 3.7),
        ("ctc_1l_250h", 0.8),
        ("ctc_1l_622h", 3.8),
        ("ctc_2l_250h", 2.3),
        ("ctc_3l_421h_uni", 3.8),
        ("ctc_3l_250h", 3.8),
        ("ctc_5l_250h", 6.8),
    ],
)
def test_the_weights_of_bilstm_timit_are_those_of_the_paper(preset: str, millions: float) -> None:
    """Table 1 of the paper, which gives one decimal."""
    assert round(compiled("bilstm_timit", preset=preset).params.total / 1e6, 1) == millions


def test_the_mnist_autoencoder_of_caffe() -> None:
    row = figures_of_others("published.csv", "system")["MNIST autoencoder (Caffe, Hinton)"]
    model = compiled("autoencoder", preset="hinton_2006")
    assert (model.params.total, model.macs) == (int(row["params"]), int(row["macs"]))


@pytest.mark.parametrize(
    ("params", "published"),
    [
        ({"width": 1024, "heads": 16, "depth": 24, "context": 2048, "T": 2048}, 350e6),
        ({"width": 12288, "heads": 96, "depth": 96, "context": 2048, "T": 2048}, 175e9),
    ],
)
def test_gpt3(params: dict[str, int], published: float) -> None:
    """Brown et al. 2020, arXiv:2005.14165, table 2.1: GPT-3 Medium and GPT-3."""
    model = compiled("gpt2", params=params)
    assert model.params.total == pytest.approx(published, rel=0.02)
    width, depth = params["width"], params["depth"]
    assert model.params.total == 12 * depth * width**2 + 13 * depth * width + (50_257 + 2048 + 2) * width
    assert model.outputs["output"].shape == ("N", 2048, 50_257)


# ---------------------------------------------------------------- what a check imports


@pytest.mark.parametrize(
    "paths",
    [[path for path in PATHS if path.stem in HANDFUL], pytest.param(PATHS, marks=pytest.mark.slow)],
    ids=["a handful", "all"],
)
def test_check_imports_no_framework(paths: list[Path]) -> None:
    """As a process."""
    code = (
        "import sys; from netwright.cli import main; status = main(['check', *sys.argv[1:]])\n"
        "found = {'tensorflow', 'keras', 'jax', 'numpy'} & sys.modules.keys()\n"
        "sys.exit(f'status {status}, imported {found}' if status or found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, *map(str, paths)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "resnet" in done.stdout
