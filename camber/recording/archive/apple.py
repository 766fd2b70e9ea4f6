"""Apple Health's ``export.xml``: the sport of each recorded route, out of gigabytes of other data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterable

_PREFIX: Final = "HKWorkoutActivityType"
_WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def route_sports(chunks: Iterable[bytes]) -> dict[str, str]:
    """Read the sports of the routes, as a stream.

    Apple's file declares a document type, so that it is parsed with entities unresolved and nothing loaded.

    Parameters
    ----------
    chunks : iterable of bytes
        The file.

    Returns
    -------
    dict of str to str
        Sport in words (``running``, ``trail running``) by the name of the route's file, in lower case; as
        far as the file can be read.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=("Workout", "HealthData"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    found: dict[str, str] = {}
    root: etree._Element | None = None
    try:
        for chunk in chunks:
            parser.feed(chunk)
            for event, element in parser.read_events():
                if event == "start":
                    root = element if root is None else root
                elif element.tag == "Workout":
                    found.update(_routes(element))
            if root is not None and len(root):
                del root[:-1]  # the last one may not be complete
    except etree.LxmlError:  # what stands before the damage is kept; a route without a sport has its speed
        pass
    return found


def _routes(workout: etree._Element) -> dict[str, str]:
    kind = (workout.get("workoutActivityType") or "").removeprefix(_PREFIX)
    sport = _WORDS.sub(" ", kind).lower()
    paths = (reference.get("path") or "" for reference in workout.iter("FileReference"))
    return {path.rpartition("/")[2].lower(): sport for path in paths if path and sport}
