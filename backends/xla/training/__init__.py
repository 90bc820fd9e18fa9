"""The parts of a training run: loop, callbacks, checkpoints."""
