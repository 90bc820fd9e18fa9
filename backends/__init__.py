"""What a typed graph becomes: Keras code, XLA programs, reports."""
