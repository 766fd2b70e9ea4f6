"""Columns of tables as plain arrays: some rows of some of them, and several added in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast
from weakref import finalize

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

_Frame = TypeVar("_Frame", bound=pd.DataFrame)


def take_columns(
    frame: pd.DataFrame, names: Iterable[str], rows: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    """Take some rows of some columns as plain arrays.

    Parameters
    ----------
    frame : DataFrame
        Any table.
    names : iterable of str
        The columns; those that it lacks are left out.
    rows : ndarray of int64, shape (n,)
        Positions of the rows.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        Copies; text is an array of objects.
    """
    known = _known_columns(frame)
    present = set(frame.columns.tolist())
    found = {}
    for name in names:
        if name in present:
            if name not in known:
                known[name] = _column_of(frame, name)
            found[name] = known[name].take(rows)
    return found


class _Known(NamedTuple):
    """A column as an array, or one of a few texts by their numbers."""

    values: NDArray[Any]
    texts: NDArray[np.object_] | None = None

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        taken = self.values[rows]
        return taken if self.texts is None else self.texts[taken]


_KNOWN: Final[dict[int, dict[str, _Known]]] = {}
"""Columns of tables that live, taken as never changed: a road set is asked the same for every run."""


def _known_columns(frame: pd.DataFrame) -> dict[str, _Known]:
    number = id(frame)
    if number not in _KNOWN:
        _KNOWN[number] = {}
        finalize(frame, _KNOWN.pop, number, None)
    return _KNOWN[number]


def _column_of(frame: pd.DataFrame, name: str) -> _Known:
    values = frame[name].array
    if isinstance(values.dtype, pd.StringDtype):
        codes, texts = values.factorize()
        if (codes >= 0).all():
            return _Known(codes.astype(np.int32), np.asarray(texts, dtype=object))
    return _Known(np.asarray(values))


def with_columns(
    frame: _Frame, columns: Mapping[str, NDArray[Any]], row: NDArray[np.int64] | None = None
) -> _Frame:
    """Add columns to a table, all in one step; those it has already are replaced.

    Parameters
    ----------
    frame : DataFrame
        The table, which is left as it is.
    columns : mapping of str to ndarray
        What is added.
    row : ndarray of int64, shape (n_rows,), optional
        Element of these arrays that belongs to each row of the table; else they have one for each.

    Returns
    -------
    DataFrame
        Of the type of ``frame``.
    """
    values = {name: each if row is None else _spread(each, row) for name, each in columns.items()}
    added = pd.DataFrame(values, index=frame.index)
    old = list(set(frame.columns.tolist()).intersection(columns))
    return cast("_Frame", pd.concat([frame.drop(columns=old) if old else frame, added], axis=1))


def _spread(values: NDArray[Any], row: NDArray[np.int64]) -> Any:  # noqa: ANN401 - an array of numpy or pandas
    # pandas takes much longer to take over an array of texts than to repeat what it has taken over.
    return pd.Series(values).array.take(row) if values.dtype == object else values[row]
