"""Owns the sources that are written into emitted modules as they stand: layers and
functions that Keras lacks. They import Keras and nothing else, fit 88 columns, and are
tested as they are."""
