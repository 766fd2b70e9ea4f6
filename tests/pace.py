"""How slowly this machine computes just now, so that a bound in seconds means the same beside other work.

Processor time is no yardstick by itself: two processes that share a core's caches need half as much again.
"""

import time

_USUAL_S = 0.0207
"""Processor time of the sum below on the machine whose figures the bounds are, with nothing beside it."""


def slowed(tries: int = 5) -> float:
    """How many times longer a plain sum takes than on the quiet machine of the bounds; at least 1."""
    times = []
    for _ in range(tries):
        before = time.process_time()
        sum(number * number for number in range(500_000))
        times.append(time.process_time() - before)
    return max(min(times) / _USUAL_S, 1.0)
