"""Tags of very many ways in little memory: equal tags are one object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from camber.roads.tags import is_read

if TYPE_CHECKING:
    from collections.abc import Iterable


class TagPool:
    """Give the same dictionary for the same tags, without those that camber does not read.

    Nobody may write to what comes out of it.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        self._texts: dict[str, str] = {}
        self._read: dict[str, bool] = {}

    def tags(self, pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Give the tags of one way.

        Parameters
        ----------
        pairs : iterable of tuple of str
            Its keys and values.

        Returns
        -------
        dict of str to str
            Those that camber reads.
        """
        wanted = tuple([pair for pair in pairs if self._is_read(pair[0])])
        known = self._known.get(wanted)
        if known is None:
            share = self._texts.setdefault
            wanted = tuple([(share(key, key), share(value, value)) for key, value in wanted])
            known = self._known[wanted] = dict(wanted)
        return known

    def _is_read(self, key: str) -> bool:
        found = self._read.get(key)
        if found is None:
            found = self._read[key] = is_read(key)
        return found
