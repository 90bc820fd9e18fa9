"""Owns `make_divisible`: numbers of channels that hardware likes."""


def make_divisible(value, divisor=8, min_value=None):
    """The multiple of `divisor` nearest to `value`, never below 90% of it."""
    least = divisor if min_value is None else min_value
    nearest = max(least, int(value + divisor / 2) // divisor * divisor)
    return int(nearest + divisor if nearest < 0.9 * value else nearest)
