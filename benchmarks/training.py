"""How soon and how fast specs train, as ratios within one run: to the first step and a step, as `netwright bench` has
it, beside the emitted Keras module, and a language model written by hand; whole training beside `fit`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from processes import bench, json_of, output_of

HERE = Path(__file__).resolve().parent
ENGINES = ("tensorflow", "jax")
Rows = Iterator[tuple[str, str]]

#: the language model of figures below, 128 tokens
LANGUAGE_MODEL = {"vocabulary": 1000, "width": 256, "heads": 4, "context": 128, "T": 128}
#: name -> (spec, params, batch)
NETWORKS: dict[str, tuple[str, dict[str, Any], int]] = {
    "ResNet-20": ("resnet_cifar", {"depth": 20}, 128),
    "ResNet-110": ("resnet_cifar", {"depth": 110}, 16),
    "ResNet-50": ("resnet", {}, 4),
    "BiLSTM 3x250": ("bilstm_timit", {"T": 100}, 8),
}
#: hidden layers, batch
MLPS = (((64,), 32), ((512, 512), 128))
EXAMPLES = 38_400
EPOCHS = 4
#: how often each way to train is taken, in turns; the quickest epoch counts
ROUNDS = 3


def deep_language_model() -> Rows:
    """The decoder-only language model with 4 and 48 layers, against Keras at its best and a scan by hand in JAX."""
    shallow = {engine: _bench("gpt2", {**LANGUAGE_MODEL, "depth": 4}, 8, engine) for engine in ENGINES}
    deep = {engine: _bench("gpt2", {**LANGUAGE_MODEL, "depth": 48}, 8, engine) for engine in ENGINES}
    # Keras on JAX takes minutes to compile 48 layers laid out: its columns on TensorFlow are the best
    columns = _bench("gpt2", {**LANGUAGE_MODEL, "depth": 48}, 8, "tensorflow", "--vs", "keras")["vs"]
    by_hand = json_of(str(HERE / "language_model_by_hand.py"), "48")
    soonest, fastest = (min(row[name] for row in columns) for name in ("first_step_s", "step_s"))
    for engine, report in deep.items():
        first, step = report["first_step_s"], report["step_s"]
        yield (
            f"48 layers, {engine}: to the first step {first:.1f} s; the best of Keras / that",
            f"{soonest / first:.1f}",
        )
        yield f"48 layers, {engine}: a step {step:.2f} s; that / the best of Keras", f"{step / fastest:.2f}"
        yield f"{engine}: first step with 48 layers / with 4", f"{first / shallow[engine]['first_step_s']:.2f}"
    yield (
        f"a scan by hand in JAX {by_hand['step_s']:.2f} s; jax / that",
        f"{deep['jax']['step_s'] / by_hand['step_s']:.2f}",
    )
    yield "a scan by hand: to the first step", f"{by_hand['first_step_s']:.1f} s"


def networks() -> Rows:
    """Convolutional and recurrent networks, each engine against Keras on the same framework at its best."""
    for name, (spec, params, batch) in NETWORKS.items():
        steps = {}
        for engine in ENGINES:
            report = _bench(spec, params, batch, engine, "--vs", "keras")
            for what, words in (("first_step_s", "to the first step"), ("step_s", "a step")):
                best = min(row[what] for row in report["vs"])
                yield (
                    f"{name}, {engine}: {words} {report[what]:.2f} s; that / Keras's best",
                    f"{report[what] / best:.2f}",
                )
            steps[engine] = min(report["step_s"], *(row["step_s"] for row in report["vs"]))
        chosen = _bench(spec, params, batch, "auto")
        yield (
            f"{name}: a step of --engine auto ({chosen['engine']}) / the best",
            f"{chosen['step_s'] / min(steps.values()):.2f}",
        )


def whole_training() -> Rows:
    """`netwright train` against `fit` of the emitted module at its best, by the seconds of an epoch."""
    with tempfile.TemporaryDirectory() as folder:
        for hidden, batch in MLPS:
            spec = _written_mlp(Path(folder), hidden, batch)
            for engine in ENGINES:
                rounds = [(_seconds_of_training(spec, engine), _seconds_of_fit(spec, engine)) for _ in range(ROUNDS)]
                ours = min(seconds for seconds, _ in rounds)
                theirs, how = min(fit for _, fit in rounds)
                sizes = "-".join(map(str, (784, *hidden, 10)))
                yield f"{sizes}, batch {batch}, {engine}: fit ({how}) / netwright train", f"{theirs / ours:.2f}"


def second_start() -> Rows:
    """The same program again, with what JAX compiled found in its cache."""
    with tempfile.TemporaryDirectory() as cache:
        first, second = (
            _bench("gpt2", {**LANGUAGE_MODEL, "depth": 12}, 8, "jax", cache=cache)["first_step_s"] for _ in range(2)
        )
    yield f"jax, 12 layers: to the first step {first:.1f} s, again {second:.1f} s", f"{first / second:.1f}"


def _bench(
    spec: str, params: Mapping[str, Any], batch: int, engine: str, *options: str, cache: str | None = None
) -> dict[str, Any]:
    """What `netwright bench` finds; nothing that an earlier run has compiled is at hand, unless in `cache`."""
    with tempfile.TemporaryDirectory() as empty:
        asked = ("--engine", engine, "--steps", "20", *options)
        return bench(spec, params, batch, *asked, XDG_CACHE_HOME=cache or empty)


def _written_mlp(folder: Path, hidden: tuple[int, ...], batch: int) -> Path:
    """A spec and its data: random images of ten classes."""
    import numpy as np

    rng = np.random.default_rng(0)
    images = rng.random((EXAMPLES, 784), "float32")
    np.savez(folder / "images.npz", x=images, y=rng.integers(0, 10, EXAMPLES).astype("int32"))
    spec = folder / f"mlp_{len(hidden)}.yaml"
    spec.write_text(f"""\
netwright: 1
name: mlp
inputs: {{image: "f32[N, 784]"}}
model: |
  image -> (dense(units, activation=relu) for units in {list(hidden)}) -> dense(10, activation=softmax)
train:
  data: {{npz: images.npz, inputs: {{image: x}}, targets: {{label: y}}}}
  loss: sparse_categorical_crossentropy
  optimizer: adam
  metrics: [sparse_categorical_accuracy]
  batch_size: {batch}
  epochs: {EPOCHS}
""")
    return spec


def _seconds_of_training(spec: Path, engine: str) -> float:
    """Of the quickest epoch but the first, which compiles."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        output_of("-m", "netwright", "train", str(spec), "--engine", engine, "--out", str(out))
        lines = (out / "log.jsonl").read_text().splitlines()
    return min(float(json.loads(line)["seconds"]) for line in lines[1:])


def _seconds_of_fit(spec: Path, engine: str) -> tuple[float, str]:
    """The same of `fit`, and how it was called."""
    found = json_of(str(HERE / "keras_fit.py"), str(spec), str(EPOCHS), KERAS_BACKEND=engine)
    return min((seconds, how) for how, seconds in found.items())


BENCHMARKS = {
    "a deep language model": deep_language_model,
    "networks, step by step": networks,
    "whole training against fit": whole_training,
    "a second start": second_start,
}
