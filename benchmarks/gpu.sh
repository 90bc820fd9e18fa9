#!/bin/sh
# How fast training in bf16 is on a GPU, with JAX: ResNet-50 and a language model of 24 layers, beside the emitted Keras
# module and JAX written by hand.
#
#   benchmarks/gpu.sh wheels    where there is a network: fetch into build/wheels what such a machine lacks
#   benchmarks/gpu.sh           on the machine: Python with JAX for CUDA, and no network
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
needed="keras pyyaml lark jinja2 jsonschema filelock setuptools wheel"

if [ "${1:-}" = wheels ]; then
    echo '== fetching wheels into build/wheels'
    "$python" -m pip download --quiet --only-binary :all: --dest build/wheels $needed
    # JAX and what it brings along are those of the machine
    rm -f build/wheels/numpy-* build/wheels/ml_dtypes-*
    exit
fi

echo '== an environment on top of the JAX that is here (build/gpu)'
"$python" -m venv --system-site-packages build/gpu
build/gpu/bin/python -m pip install --quiet --no-index --find-links build/wheels $needed
build/gpu/bin/python -m pip install --quiet --no-index --no-build-isolation --no-deps --editable .
echo '== measuring'
exec build/gpu/bin/python benchmarks/gpu.py "$@"
