"""The door to the library: everything that others ask of it, in the runner's words."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, cast

from camber.errors import LibraryError, UnknownRunError
from camber.library.database import FILE_NAME, open_database, writing
from camber.library.days import week_named, week_of
from camber.library.lock import held
from camber.library.notes import delete_note, keep_note, read_notes
from camber.library.periods import (
    LAST_ANALYSED_DAY,
    LAST_DAY,
    ONE_RUN,
    RUNS,
    period_of,
    run_result,
    standing_of,
    trend_of,
)
from camber.library.place import library_folder, roads_cache
from camber.library.results import read_contact, read_evidence, read_exposure
from camber.library.snapshot import keep_snapshot
from camber.schema import EVEN, Note, card

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from camber.library.batch import BatchReport
    from camber.library.days import Span, Week
    from camber.library.importing import ImportReport
    from camber.observations.answers import Answer
    from camber.observations.phrases import Where
    from camber.schema import (
        Believed,
        Compared,
        ContactEffect,
        Exposure,
        Inquiry,
        Learned,
        Observed,
        Period,
        PeriodTotal,
        Recording,
        Roads,
        RunResult,
        Settings,
        Tried,
    )

_LAST_RUN: Final = """
SELECT activity_id FROM activity WHERE duplicate_of IS NULL AND kind = 'run'
ORDER BY started_at_ms DESC LIMIT 1
"""


_COUNTING: Final = """
SELECT activity_id FROM activity JOIN result USING (activity_id)
WHERE duplicate_of IS NULL ORDER BY started_at_ms, activity_id
"""
"""Runs with a result that are nobody's copy, in order."""


def _paths(given: Path | str | Sequence[Path | str]) -> list[Path]:
    return [Path(given)] if isinstance(given, (str, Path)) else [Path(one) for one in given]


def open_library(folder: Path | str | None = None) -> Library:
    """Open the runner's library, or begin one.

    Parameters
    ----------
    folder : Path or str, optional
        Its folder; that of the user if missing, which ``CAMBER_HOME`` moves.

    Returns
    -------
    Library
        To be closed, or used in a ``with`` block.

    Raises
    ------
    NewerLibraryError
        If a newer camber wrote it.
    LibraryError
        If it cannot be opened.
    """
    return Library(library_folder() if folder is None else Path(folder))


class Library:
    """All runs of one runner: what was recorded, and what was found out.

    Parameters
    ----------
    folder : Path
        Its folder; see `open_library`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connection: sqlite3.Connection = open_database(folder)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def __repr__(self) -> str:
        """Say how much is in it."""
        return f"<camber library of {self.recordings} recordings>"

    def _repr_html_(self) -> str:
        return card("Library", {state: str(count) for state, count in sorted(self.standing().items())})

    @property
    def recordings(self) -> int:
        """How many recordings are in it.

        Returns
        -------
        int
            Copies, other sports and what has no positions included.
        """
        return int(self.connection.execute("SELECT count(*) FROM activity").fetchone()[0])

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return self.folder / FILE_NAME

    def close(self) -> None:
        """Close it; what was written is safe before, and what no file tells is copied beside it."""
        with suppress(OSError, LibraryError, sqlite3.Error):  # a full disk, or closed before: the next time
            if self.connection.total_changes:
                keep_snapshot(self.folder, self.connection)
        self.connection.close()

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """Write in one transaction: all of it happens, or nothing.

        Returns
        -------
        context manager of sqlite3.Connection
            Within the transaction.
        """
        return writing(self.connection)

    def held_for(self, what: str, *, patience_s: float = 10.0) -> AbstractContextManager[None]:
        """Hold the library for a long operation; others can still read.

        Parameters
        ----------
        what : str
            What is going on, for others to read.
        patience_s : float
            How long to wait for another holder [s].

        Returns
        -------
        context manager
            While it is held. On entry it raises `LibraryBusyError`, which says who holds it, if somebody else
            does.
        """
        return held(self.folder, what, patience_s=patience_s)

    def runs(self, target_left: float = EVEN, *, last: int | None = None) -> pd.DataFrame:
        """List all recordings.

        Parameters
        ----------
        target_left : float
            Share of the left leg that the runner aims at, 0 to 1.
        last : int, optional
            Only so many, the latest.

        Returns
        -------
        DataFrame
            One row per recording, index ``run``; metres [m] and shares with their 90 % intervals where it is
            analysed, with ``p_left`` and ``p_right``, the probability that this leg was low on more of them,
            and ``word``, such as ``"likely left"``; ``state`` and ``reason`` where it is not.
        """
        from camber.library.frames import runs_frame  # noqa: PLC0415 - tables load where one is asked for

        return runs_frame(self.connection, target_left, last)

    def standing(self) -> dict[str, int]:
        """Count recordings by what became of them.

        Returns
        -------
        dict of str to int
            By ``state``, as `runs` has it, such as ``"analysed"`` or ``"waiting"``.
        """
        return standing_of(self.connection)

    def weeks(self, week_start: str = "monday") -> pd.DataFrame:
        """List all weeks.

        Parameters
        ----------
        week_start : {"monday", "sunday"}
            First day of a week.

        Returns
        -------
        DataFrame
            One row per week, index ``week``, from that of the first analysed run to that of the last, with
            ``left_share``, ``p_left``, ``p_right`` and ``word`` as in `runs`; weeks without a run are in it,
            with missing values.
        """
        from camber.library.frames import weeks_frame  # noqa: PLC0415 - as above

        return weeks_frame(self.connection, week_start)

    def streets(self) -> pd.DataFrame:
        """List all streets.

        Returns
        -------
        DataFrame
            One row per street, index ``street``, largest absolute net tilt first; ``net_tilt_pct_km`` is
            positive where the right foot was lower.
        """
        from camber.library.frames import streets_frame  # noqa: PLC0415 - as above

        return streets_frame(self.connection)

    def shoes(self) -> pd.DataFrame:
        """List all pairs of shoes that exports name.

        Returns
        -------
        DataFrame
            One row per pair, index ``shoes``, "" where an export names none; analysed runs, their distance
            and metres by leg with 90 % intervals, added draw by draw.
        """
        from camber.library.frames import shoes_frame  # noqa: PLC0415 - as above

        return shoes_frame(self.connection)

    def contact_balance(self, runs: Sequence[int] | None = None) -> ContactEffect:
        """Say how the balance of ground contact goes with the tilt of the ground.

        Parameters
        ----------
        runs : sequence of int, optional
            Their numbers; all of them if missing.

        Returns
        -------
        ContactEffect
            What was measured, with its 90 % interval, over those runs whose recordings have the balance and
            that are analysed; without any its ``effect`` is None.
        """
        from camber.legs.pooling import pooled_effect  # noqa: PLC0415 - loads where it is asked for

        return pooled_effect(read_contact(self.connection, runs))

    def compare(self, since: date, *, until: date | None = None, before_from: date | None = None) -> Compared:
        """Compare the days since one with those before it.

        Parameters
        ----------
        since : date
            First day after the change.
        until : date, optional
            Last day; that of the last analysed run if missing.
        before_from : date, optional
            First day before the change; as many days as after it, from four to twelve weeks, if missing.

        Returns
        -------
        Compared
            Shares of the left leg, sides kept and streets that changed.

        Raises
        ------
        SettingsError
            If these are no two periods.
        """
        from camber.library.comparing import compare_periods  # noqa: PLC0415 - loads where it is asked for

        return compare_periods(
            self.connection, since, until or self.last_analysed_day() or since, before_from
        )

    def remember_suggested(self, day: date, suggested: Sequence[tuple[str, str, Sequence[str]]]) -> None:
        """Remember what was suggested, so that later weeks can look back on it, where that can be kept.

        Parameters
        ----------
        day : date
            Last day of the days whose report held it.
        suggested : sequence of (str, str, sequence of str)
            Of each suggestion its lever, itself in one sentence, and the streets that it is about.
        """
        from camber.library.followed import note_suggested  # noqa: PLC0415 - loads where it is asked for

        # A report is not to fail since somebody else is writing, or since the library can only be read.
        with suppress(LibraryError, sqlite3.Error), self.writing() as connection:
            for kind, what, streets in suggested:
                note_suggested(connection, day, kind, what, streets)

    def tried(self, starts_on: date, ends_on: date) -> tuple[Tried, ...]:
        """Look back on what was suggested in the four weeks before some days.

        Parameters
        ----------
        starts_on, ends_on : date
            First and last of the days.

        Returns
        -------
        tuple of Tried
            Each suggestion with the passes since, latest first.
        """
        from camber.library.followed import tried_until  # noqa: PLC0415 - as above

        return tried_until(self.connection, starts_on, ends_on)

    def note(self, day: date, text: str, *, leg: str = "", run: int | None = None) -> int:
        """Keep a note of a day, for yourself alone.

        Parameters
        ----------
        day : date
            The day that it is of.
        text : str
            What you want to remember.
        leg : {"", "left", "right", "both"}
            The leg that it is about.
        run : int, optional
            The run that it is about.

        Returns
        -------
        int
            Its number, by which `delete_note` deletes it.

        Raises
        ------
        AnswerError
            If it has no words, or too many, or is of no leg; nothing is kept.
        UnknownRunError
            If there is no such run.
        """
        if run is not None:
            self.run(run)
        with self.writing() as connection:
            return keep_note(connection, Note(0, day, text, leg, run))

    def notes(self, first: date | None = None, last: date | None = None) -> tuple[Note, ...]:
        """List your notes.

        Parameters
        ----------
        first, last : date, optional
            First and last day, both included; all of them if missing.

        Returns
        -------
        tuple of Note
            By day.
        """
        return read_notes(self.connection, first, last)

    def delete_note(self, number: int) -> Note:
        """Delete a note.

        Parameters
        ----------
        number : int
            Its number.

        Returns
        -------
        Note
            What was deleted.

        Raises
        ------
        AnswerError
            If there is none of that number.
        """
        with self.writing() as connection:
            return delete_note(connection, number)

    def learned(self) -> Learned:
        """Pool what the runs say about the runner's use of places and the map.

        Returns
        -------
        Learned
            For `camber.analyse`; from an empty library it says nothing.
        """
        from camber.lateral import pool_evidence  # noqa: PLC0415 - compiled kernels load only where something is learned

        return pool_evidence(evidence for _, evidence in read_evidence(self.connection))

    def habits(self) -> pd.DataFrame:
        """List the runner's habits.

        Returns
        -------
        DataFrame
            What all runs say of how this runner uses places. Index ``use``: ``facing`` traffic where both
            edges are free, ``sidewalk`` where there is one, ``middle`` of those who are on none, and for each
            ``region`` the ``existence`` of sidewalks that no tag tells of; ``share`` and its standard
            deviation ``std``, and what was assumed ``before`` anything was recorded.
        """
        from camber.library.frames import habits_frame  # noqa: PLC0415 - as above

        return habits_frame(self.connection)

    def exposure(self, run: int) -> Exposure:
        """Give the intervals of a run.

        Parameters
        ----------
        run : int
            Its number.

        Returns
        -------
        Exposure
            As `camber.schema.tables.EXPOSURE`, in single precision, and ``street``.

        Raises
        ------
        UnknownRunError
            If there is no such run, or it is not analysed.
        """
        table = read_exposure(self.connection, run)
        if table is None:
            raise UnknownRunError(f"there is no analysed run {run}; `camber runs` lists all", path="library")
        return cast("Exposure", table)

    def add(self, paths: Path | str | Sequence[Path | str]) -> ImportReport:
        """Take recordings in, as ``camber import`` does; what is known already is not read again.

        Parameters
        ----------
        paths : Path, str or sequence of them
            An export as it is, a folder, or GPX, TCX and FIT files.

        Returns
        -------
        ImportReport
            What came of each file.

        Raises
        ------
        LibraryBusyError
            If somebody else is writing; says who.
        LibraryError
            If the library cannot be written, such as for want of space.
        """
        from camber.library.importing import import_paths  # noqa: PLC0415 - loads when something is added

        return import_paths(self, _paths(paths))

    def analyse(
        self,
        roads: Path | str | Sequence[Path | str] = (),
        settings: Settings | None = None,
        *,
        workers: int | None = None,
    ) -> BatchReport:
        """Analyse every run whose result is missing or out of date, as ``camber analyse --all`` does.

        Parameters
        ----------
        roads : Path, str or sequence of them
            OpenStreetMap extracts; without one, the tiles that ``camber roads`` keeps.
        settings : Settings, optional
            Settings of every stage.
        workers : int, optional
            How many processes; one per processor if missing.

        Returns
        -------
        BatchReport
            What came of it.

        Raises
        ------
        LibraryBusyError
            If somebody else is writing; says who.
        RoadsError
            If an extract cannot be read.
        """
        from camber.library.batch import analyse_library  # noqa: PLC0415 - compiled kernels
        from camber.library.choosing import from_extracts, from_tiles  # noqa: PLC0415 - as above

        cache, files = roads_cache(), _paths(roads)
        choices = [from_extracts(files, country=None, folder=cache)] if files else []
        choices.append(from_tiles(cache, country=None))
        return analyse_library(self, choices, settings, workers=workers)

    def stretches(self, runs: Sequence[int] | None = None) -> gpd.GeoDataFrame:
        """Draw the intervals of some runs, with all that privacy zones hide from others.

        Parameters
        ----------
        runs : sequence of int, optional
            Their numbers; every analysed run that counts if missing.

        Returns
        -------
        GeoDataFrame
            One row per interval that can be drawn, lines in the direction of travel, WGS 84; columns as in
            `camber.schema.Period.stretches`. Longitudes go on beyond 180 where the lines cross it.
        """
        from camber.library.lines import stretches_of  # noqa: PLC0415 - as above

        if runs is None:
            runs = [run for (run,) in self.connection.execute(_COUNTING)]
        return stretches_of(self.connection, runs)

    def recording(self, run: int) -> Recording:
        """Give a recording back.

        Parameters
        ----------
        run : int
            Its number.

        Returns
        -------
        Recording
            Times to the millisecond, positions to 1e-7 degrees.

        Raises
        ------
        UnknownRunError
            If there is no such run, or it has no positions.
        """
        from camber.library.activities import read_recording_of  # noqa: PLC0415 - as above

        return read_recording_of(self.connection, run)

    def run(self, run: int) -> RunResult:
        """Give one run with what is known about it.

        Parameters
        ----------
        run : int
            Its number.

        Returns
        -------
        RunResult
            With its summary where it is analysed.

        Raises
        ------
        UnknownRunError
            If there is no such run.
        """
        row = self.connection.execute(ONE_RUN, (run,)).fetchone()
        if row is None:
            raise UnknownRunError(f"there is no run {run}; `camber runs` lists all", path="library")
        return run_result(row)

    def run_period(self, run: int, *, with_stretches: bool = False) -> Period:
        """Sum one run up, as a week is: the story of a run is told of this.

        Parameters
        ----------
        run : int
            Its number.
        with_stretches : bool
            Whether to add the stretches for a map.

        Returns
        -------
        Period
            Of kind ``"run"``, without weeks.

        Raises
        ------
        UnknownRunError
            If there is no such run.
        """
        from camber.library.loose_runs import period_of_runs  # noqa: PLC0415 - as above

        found = self.run(run)
        table = read_exposure(self.connection, run)
        row = self.connection.execute(ONE_RUN, (run,)).fetchone()
        known = row["summary"] is not None
        return period_of_runs(
            [found],
            [] if table is None else [table],
            ((row["roads_source"], row["osm_date"]),) if known else (),
            (row["camber_version"],) if known else (),
            self.stretches([run]) if with_stretches and known else None,
        )

    def results(self, first: date, last: date) -> tuple[RunResult, ...]:
        """Give the recordings of some days, in order, with what is known about them.

        Parameters
        ----------
        first, last : date
            First and last day.

        Returns
        -------
        tuple of RunResult
            Without those that are other copies of these.
        """
        rows = self.connection.execute(RUNS, (first.isoformat(), last.isoformat())).fetchall()
        return tuple(run_result(row) for row in rows if row["duplicate_of"] is None)

    def last_analysed_day(self) -> date | None:
        """Find the day of the latest run that has a result.

        Returns
        -------
        date or None
            None where no run with a day has one.
        """
        found = self.connection.execute(LAST_ANALYSED_DAY).fetchone()[0]
        return None if found is None else date.fromisoformat(found)

    def tell_day(self, run: int, day: date | None) -> date | None:
        """Set the day of a run whose own times are missing or wrong, or take that back.

        It is kept beside what the file says, and outlives every import and analysis. The run's times move to
        that day; where they do, it waits to be analysed anew.

        Parameters
        ----------
        run : int
            Its number.
        day : date or None
            The day by the clock at its place; None for what the file says.

        Returns
        -------
        date or None
            The day that it has now.

        Raises
        ------
        UnknownRunError
            If there is no such run.
        """
        from camber.library.activities import tell_day  # noqa: PLC0415 - as above

        with self.writing() as connection:
            told = tell_day(connection, run, day)
        return None if told is None else date.fromisoformat(told)

    def tell(
        self,
        said: Answer | str,
        phrase: str = "",
        *,
        run: int | None = None,
        near: tuple[float, float] | None = None,
        where: Where | None = None,
    ) -> int:
        """Tell something that you know of a street, a run or yourself; it is heard by the next analysis.

        Parameters
        ----------
        said : Answer or str
            An answer, or the name of a street, or, without ``phrase``, what there is to say of a run.
        phrase : str
            What there is to say of the street, such as ``"crowned"``, ``"sidewalk none"`` or ``"facing"``.
        run : int, optional
            The run that it is about; of a road's left and right, the run on which they are.
        near : tuple of float, optional
            Latitude and longitude [deg] near the street, where several have its name.
        where : Where, optional
            Day, stretch of the run, instrument and the like (`camber.observations.phrases.Where`); today and
            all of the run if missing.

        Returns
        -------
        int
            Its number, by which `take_back` takes it back.

        Raises
        ------
        AnswerError
            If it is not understood, makes no sense, or names no street that a run was on; nothing is kept.
        UnknownRunError
            If there is no such run.
        """
        from camber.library.tellings import keep_answer, said_of  # noqa: PLC0415 - loads when something is told
        from camber.library.told_record import note_belief  # noqa: PLC0415 - as above

        if isinstance(said, str):
            said = said_of(self.connection, said, phrase, run=run, near=near, where=where)
        with self.writing() as connection:
            number = keep_answer(connection, said)
            note_belief(connection, number, said)
            return number

    def answers(self) -> dict[int, Answer]:
        """Give what was told and not taken back.

        Returns
        -------
        dict of int to Answer
            By number, in the order in which it came.
        """
        from camber.library.tellings import read_told  # noqa: PLC0415 - as above

        return {told.number: told.answer for told in read_told(self.connection)}

    def take_back(self, number: int) -> Answer:
        """Take an answer back: after the next analysis everything is as if it had not been given.

        Parameters
        ----------
        number : int
            Its number.

        Returns
        -------
        Answer
            What was told.

        Raises
        ------
        AnswerError
            If there is none of that number.
        """
        from camber.library.tellings import take_back  # noqa: PLC0415 - as above

        with self.writing() as connection:
            return take_back(connection, number)

    def observed_parts(self) -> tuple[Observed, ...]:
        """Turn what was told into evidence.

        Returns
        -------
        tuple of Observed
            One for each answer, in the order in which they came.
        """
        from camber.library.tellings import observed_parts  # noqa: PLC0415 - as above

        return observed_parts(self.connection)

    def last_run(self) -> int | None:
        """Find the latest run.

        Returns
        -------
        int or None
            Its number; None where there is no run.
        """
        found = self.connection.execute(_LAST_RUN).fetchone()
        return None if found is None else int(found[0])

    def positions(
        self, only: Collection[int] | None = None
    ) -> Iterator[tuple[int, NDArray[np.float64], NDArray[np.float64]]]:
        """Give the positions of all runs that are to be analysed.

        Parameters
        ----------
        only : collection of int, optional
            Runs to which it keeps itself.

        Yields
        ------
        tuple of (int, ndarray of float64, ndarray of float64)
            Number of the run, longitude and latitude of its fixes [deg].
        """
        from camber.library.activities import ANALYSABLE, places_of  # noqa: PLC0415 - as above

        for (run,) in self.connection.execute(ANALYSABLE).fetchall():
            if only is not None and run not in only:
                continue
            longitude_deg, latitude_deg = places_of(self.connection, run).T
            yield run, longitude_deg, latitude_deg

    def measured_along(self, roads: Roads, recording: Recording) -> Observed | None:
        """Give what was measured of the ways near a recording, for `camber.analyse`.

        Parameters
        ----------
        roads : Roads
            The map.
        recording : Recording
            Any recording, in the library or not.

        Returns
        -------
        Observed or None
            None where nothing was measured.
        """
        from camber.library.surveys import measured_along  # noqa: PLC0415 - compiled kernels, as above

        fixes = recording.fixes
        longitude_deg, latitude_deg = fixes["longitude_deg"].to_numpy(), fixes["latitude_deg"].to_numpy()
        year = None if recording.started_at is None else recording.started_at.year
        return measured_along(self.connection, roads, longitude_deg, latitude_deg, year)

    def ways(self, runs: Sequence[int]) -> gpd.GeoDataFrame:
        """Give the ways that some runs were on, whole, for the runner's own map.

        Parameters
        ----------
        runs : sequence of int
            Their numbers.

        Returns
        -------
        GeoDataFrame
            Columns ``way_id``, ``highway`` and the line in the drawn direction, WGS 84; each way once. They
            show where the runner was, zones or not: nothing of them may leave the library.
        """
        from camber.library.lines import ways_of  # noqa: PLC0415 - as above

        return ways_of(self.connection, runs)

    def week(self, name: str = "last", week_start: str = "monday") -> Period:
        """Sum a week up, with its map: `camber.story_of` tells its story.

        Parameters
        ----------
        name : str
            ``"last"``, ``"-1"`` for the one before, ``"47"``, ``"2026-W47"``, or a day in it.
        week_start : {"monday", "sunday"}
            First day of a week.

        Returns
        -------
        Period
            Its runs, their total draw by draw, the weeks before, what is usual, and the stretches.

        Raises
        ------
        SettingsError
            If the name is not a week.
        """
        found = week_named(name, week_start, self.last_week(week_start))
        return self.period(found, with_stretches=True)

    def period(
        self,
        days: Week | Span,
        *,
        with_stretches: bool = False,
        week_start: str = "monday",
        target_left: float = EVEN,
    ) -> Period:
        """Sum a week up, or any other days.

        Parameters
        ----------
        days : Week or Span
            Of `camber.library.days`.
        with_stretches : bool
            Whether to add the stretches for a map.
        week_start : {"monday", "sunday"}
            First day of the weeks into which a span is cut; a week has its own.
        target_left : float
            Share of the left leg that the runner aims at, 0 to 1.

        Returns
        -------
        Period
            Its runs, their total draw by draw, the trend and the usual range.
        """
        return period_of(
            self.connection,
            days,
            with_stretches=with_stretches,
            week_start=week_start,
            target_left=target_left,
        )

    def trend(self, week: Week, weeks: int, target_left: float = EVEN) -> tuple[PeriodTotal, ...]:
        """Sum up a week and those before it.

        Parameters
        ----------
        week : Week
            The last week.
        weeks : int
            How many.
        target_left : float
            Share of the left leg that the runner aims at, 0 to 1.

        Returns
        -------
        tuple of PeriodTotal
            Oldest first.
        """
        return trend_of(self.connection, week, weeks, target_left)

    def last_week(self, week_start: str = "monday") -> Week | None:
        """Find the week of the last run.

        Parameters
        ----------
        week_start : {"monday", "sunday"}
            First day of a week.

        Returns
        -------
        Week or None
            None where no run has a time.
        """
        day: Any = self.connection.execute(LAST_DAY).fetchone()[0]
        return None if day is None else week_of(date.fromisoformat(day), week_start)

    def questions(self, most: int = 5) -> tuple[Inquiry, ...]:
        """Choose questions whose answers are expected to narrow the balance of the last four weeks most.

        By the histories that are kept with each run: nothing is analysed.

        Parameters
        ----------
        most : int
            How many.

        Returns
        -------
        tuple of Inquiry
            Best first, each as it helps after those before it; without those that were passed over for good.
            None where nothing would help, or where an earlier camber analysed the runs.
        """
        from camber.library.asking import questions_due  # noqa: PLC0415 - as above

        return questions_due(self.connection, most)

    def pass_over(self, name: str | None) -> None:
        """Never ask a question again.

        Parameters
        ----------
        name : str or None
            Name of the question, such as ``"facing"``; None to ask all of them again.
        """
        from camber.library.asking import pass_over, passed_over  # noqa: PLC0415 - as above

        with self.writing() as connection:
            pass_over(connection, () if name is None else {*passed_over(connection), name})

    def record(self) -> tuple[Believed, ...]:
        """Give the record of what had been believed of sides before they were told.

        Returns
        -------
        tuple of Believed
            By class of receiver; answers that were taken back are not in it.
        """
        from camber.library.told_record import read_record  # noqa: PLC0415 - as above

        return read_record(self.connection)

    def preference(self, key: str) -> str | None:
        """Read what an export said about its runner.

        Parameters
        ----------
        key : str
            Such as ``"units"``.

        Returns
        -------
        str or None
            The value.
        """
        found = self.connection.execute("SELECT value FROM preference WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])
