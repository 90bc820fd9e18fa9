"""Netwright: the public API and the command line."""
