"""What `gpu.sh` runs: training in bf16 with JAX on the device that is there, as ratios within one run, with the share
of the peak."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from processes import bench, json_of, output_of

HERE = Path(__file__).resolve().parent
LANGUAGE_MODEL = {"vocabulary": 50_304, "width": 1024, "heads": 16, "T": 1024, "depth": 24}
SMALL_LANGUAGE_MODEL = {"vocabulary": 100, "width": 32, "heads": 2, "T": 64, "depth": 2}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="try it out: small networks, which say nothing of speed")
    small = parser.parse_args().small
    size, images = (64, 2) if small else (224, 128)
    text = SMALL_LANGUAGE_MODEL if small else LANGUAGE_MODEL
    _compare(
        f"ResNet-50, {size}x{size}, batch {images}",
        _bench("resnet", {"size": size}, images),
        _by_hand("resnet50_by_hand.py", "--batch", str(images), "--size", str(size)),
    )
    same = [word for name in ("vocabulary", "width", "heads") for word in (f"--{name}", str(text[name]))]
    _compare(
        f"a language model of {text['depth']} layers, width {text['width']}, {text['T']} tokens, batch 8",
        _bench("gpt2", {**text, "context": text["T"]}, 8),
        _by_hand("language_model_by_hand.py", str(text["depth"]), "--tokens", str(text["T"]), "--batch", "8", *same),
    )


def _bench(spec: str, params: dict[str, int], batch: int) -> dict[str, Any]:
    return bench(spec, params, batch, "--engine", "jax", "--precision", "bf16", "--vs", "keras")


def _by_hand(script: str, *arguments: str) -> Any:
    return json_of(str(HERE / script), *arguments, "--dtype", "bfloat16")


def _compare(title: str, ours: dict[str, Any], hand: dict[str, Any]) -> None:
    share = ours["peak_share"]
    print(f"\n{title}, bf16, on {_device()}")
    print(f"  {'':<12}{'first step':>12}{'step':>12}{'/ netwright':>12}")
    print(
        f"  {'netwright':<12}{_row(ours, ours)}"
        + ("" if share is None else f"   {100 * share:.0f}% of the peak in f32")
    )
    for row in ours["vs"]:
        print(f"  {'keras':<12}" + (row["error"] if "error" in row else _row(row, ours)))
    print(f"  {'by hand':<12}{_row(hand, ours)}", flush=True)


def _row(found: dict[str, Any], ours: dict[str, Any]) -> str:
    ratio = found["step_s"] / ours["step_s"]
    return f"{found['first_step_s']:>10.1f} s{1000 * found['step_s']:>9.1f} ms{ratio:>12.2f}"


def _device() -> str:
    return output_of("-c", "import jax; print(jax.devices()[0].device_kind)").strip()


if __name__ == "__main__":
    main()
