"""From a typed graph to pure functions that XLA compiles."""
