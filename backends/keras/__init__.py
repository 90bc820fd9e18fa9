"""From a typed graph to Keras 3 source code."""
