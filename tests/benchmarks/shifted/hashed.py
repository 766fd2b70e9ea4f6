"""Random numbers that belong to a thing: a function of a seed, a use and some keys, for whole arrays at once.

Mixed by splitmix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators").
"""

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mixed(value):
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def uniform(seed, use, *keys):
    """Numbers in (0, 1) for arrays of integer keys; ``use`` is a name."""
    name = int.from_bytes(use.encode()[:8].ljust(8, b"\0"), "little")
    with np.errstate(over="ignore"):
        state = _mixed(np.uint64(seed % 2**64) * _GOLDEN + np.uint64(name))
        for key in keys:
            state = _mixed(state * _GOLDEN + np.asarray(key).astype(np.int64).view(np.uint64) + np.uint64(1))
    return ((state >> np.uint64(12)).astype(np.float64) + 0.5) / 2.0**52


def normal(seed, use, *keys):
    """Standard normal numbers, by Box and Muller's transform of two uniform ones."""
    radius = np.sqrt(-2.0 * np.log(uniform(seed, use, *keys)))
    return radius * np.cos(2.0 * np.pi * uniform(seed + 1, use[::-1], *keys))


def between(seed, use, low, high):
    """One number in a range."""
    return low + (high - low) * float(uniform(seed, use, 0))
