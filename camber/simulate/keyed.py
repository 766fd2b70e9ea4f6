"""Random generators that belong to a thing (a way, a town) instead of to a moment.

A way must have the same surface and the same place in every run that touches it, whatever the order in
which runs are made. Philox is counter-based (Salmon et al. 2011, "Parallel random numbers: as easy as
1, 2, 3"): its stream is a function of key and counter alone.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np

_MASK: Final = (1 << 64) - 1


class Stream(IntEnum):
    """What a keyed stream is used for; each use has its own, so that they stay independent."""

    SURFACE = 1
    MAP_OFFSET = 2
    TOWN_OFFSET = 3
    STREET = 4


def keyed_generator(seed: int, key: int, stream: Stream) -> np.random.Generator:
    """Open the random stream that belongs to one thing.

    Parameters
    ----------
    seed : int
        Seed of the simulated world; taken modulo 2**64.
    key : int
        Identity of the thing, such as a ``way_id``; taken modulo 2**64.
    stream : Stream
        What the numbers are for.

    Returns
    -------
    numpy.random.Generator
        The same sequence for the same three arguments, independent of every other.
    """
    counter = int(stream) << 192
    return np.random.Generator(np.random.Philox(counter=counter, key=((key & _MASK) << 64) | (seed & _MASK)))
