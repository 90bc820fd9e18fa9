"""Measuring what programs take: `netwright bench` and `netwright profile`."""
