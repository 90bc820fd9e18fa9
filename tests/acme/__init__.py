"""A package of layers that a user might have, for the tests of externs."""
