"""What ``camber analyse --all`` does: the whole library, on this machine or on a Dask cluster."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from camber.batch import analyse_library, from_extracts, from_tiles
from camber.cli.exits import Exit
from camber.errors import SettingsError
from camber.library import open_library

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from camber.batch import BatchReport, Step
    from camber.cli.session import Session
    from camber.schema import Settings


def analyse_all(
    session: Session,
    road_files: Sequence[Path],
    settings: Settings,
    *,
    country: str | None,
    cache: Path,
    dask: str | None,
    workers: int | None,
    strict: bool,
) -> Exit:
    """Analyse every run of the library whose result is missing or stale.

    Parameters
    ----------
    session : Session
        Where to say what goes on.
    road_files : sequence of Path
        Extracts; tiles that are kept serve where none of them does.
    settings : Settings
        Settings of every stage.
    country : str or None
        Overrides the place of the roads.
    cache : Path
        The user's folder for roads.
    dask : str or None
        Address of a Dask scheduler.
    workers : int or None
        Processes on this machine; one per processor if missing.
    strict : bool
        Whether a run that could not be analysed decides the exit code.

    Returns
    -------
    Exit
        The exit code.
    """
    choices = [from_extracts(road_files, country=country, folder=cache)] if road_files else []
    choices.append(from_tiles(cache, country=country))
    with open_library() as library, _cluster(dask) as executor, session.progress() as progress:
        task = progress.add_task("analysing", total=None)

        def watch(step: Step) -> None:
            progress.update(task, description=step.what, completed=step.done, total=step.total)
            session.say(f"{step.what}: run {step.run}", at=1)
            if progress.disable and (step.done == step.total or step.done % 50 == 0):
                session.say(f"{step.what}: {step.done} of {step.total} runs")

        report = analyse_library(library, choices, settings, executor=executor, workers=workers, watch=watch)
    return _said(report, session, strict=strict)


@contextmanager
def _cluster(address: str | None) -> Iterator[Executor | None]:
    if address is None:
        yield None
        return
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError:
        text = '--dask needs the extra "dask": pip install "camber[dask]"'
        raise SettingsError(text, key="dask") from None
    with Client(address) as client:  # type: ignore[no-untyped-call]
        yield client.get_executor(pure=False)


def _said(report: BatchReport, session: Session, *, strict: bool) -> Exit:
    for run, reason in report.failed:
        session.say(f"run {run}: {reason}", at=-1)
    session.write(
        f"{report.runs} runs: {report.analysed} analysed, {report.kept} up to date, "
        f"{len(report.no_roads)} without roads, {len(report.failed)} could not be analysed\n",
        None,
    )
    if report.no_roads:
        session.say("`camber roads fetch` gets the map for the runs without roads", at=-1)
    if not report.runs:
        session.say("there are no runs yet: `camber import` brings them in", at=-1)
        return Exit.NO_INPUT
    if report.no_roads and report.analysed + report.kept == 0:
        return Exit.NO_ROADS
    return Exit.PARTIAL if strict and (report.no_roads or report.failed) else Exit.DONE
