"""The same library whatever the order, the workers, or where they are; and it goes on after a stop."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

import camber
from camber.adding import add_summaries
from camber.lateral import SharedEvidence
from camber.library import analyse_library, open_library, week_named
from camber.library.batch import _handed
from camber.library.checking import check_library
from camber.library.choosing import RoadChoice
from camber.library.importing import import_paths
from camber.library.results import read_evidence
from camber.library.workers import Work, Workers
from camber.pipeline import evidence_of
from camber.schema import Evidence, Observed, RoadObserved, Settings
from tests.library.conftest import everybody_ends
from tests.library.dump import dump, exact

ROOT = Path(__file__).parents[2]


def copied(folder, tmp_path, name="library"):
    return Path(shutil.copytree(folder, tmp_path / name))


def exact_of(folder):
    with open_library(folder) as library:
        return exact(library.connection)


def test_every_run_counts_once_and_checks_out(analysed):
    with open_library(analysed) as library:
        frame = library.runs()
        assert sorted(frame["state"]) == ["analysed"] * 5 + ["duplicate"]
        assert check_library(library).findings == ()


def test_a_week_is_the_sum_of_its_runs_analysed_one_by_one(analysed, town):
    """The library adds nothing of its own: `camber.analyse` says the same of the runs of a week."""
    with open_library(analysed) as library:
        recordings = [
            library.recording(int(run)) for run in library.runs().query("state == 'analysed'").index
        ]
        period = library.period(week_named("2026-W47"))
    roads = camber.read_roads(town)
    evidence = {one.started_at: camber.analyse(one, roads).evidence for one in recordings}
    shared = SharedEvidence(evidence[when] for when in sorted(evidence))
    days = {"2026-11-17", "2026-11-18"}
    again = [
        camber.analyse(recording, roads, None, shared.told(evidence[recording.started_at]))
        for recording in recordings
        if str(recording.started_at.date()) in days
    ]
    total = add_summaries([(one.summary, one.draws) for one in again], "2026-W47")
    assert period.total.runs == 2
    for name in ("left_low_m", "right_low_m", "level_m", "unmatched_m"):
        ours, theirs = getattr(period.total, name), getattr(total, name)
        assert (ours.low, ours.median, ours.high) == pytest.approx(
            (theirs.low, theirs.median, theirs.high), abs=0.01
        )
    assert period.total.streets == total.streets
    assert len(period.runs) == 2


def test_what_is_up_to_date_is_not_analysed_again(library, choose, here):
    before = exact(library.connection)
    report = analyse_library(library, [choose], executor=here)
    assert (report.analysed, report.kept, report.runs) == (0, 5, 5)
    assert exact(library.connection) == before


def test_with_nothing_new_no_positions_are_read_and_nothing_is_worked_out(library, choose, here, monkeypatch):
    """Whatever a batch goes by: once it has changed, and changed back, everything is looked at again."""
    analyse_library(library, [choose], executor=here)
    for name in ("_told", "_silent"):
        monkeypatch.setattr(f"camber.library.batch.{name}", None)
    monkeypatch.setattr("camber.library.choosing.places_of", None)
    report = analyse_library(library, [choose], executor=here)
    assert (report.runs, report.kept, report.analysed) == (report.runs, report.runs, 0)
    assert report.runs > 1
    for settings, only in ((Settings(seed=1), None), (None, [1])):
        with pytest.raises(TypeError):
            analyse_library(library, [choose], settings, executor=here, only=only)
    other = RoadChoice(lambda: "other", choose.choose)
    with pytest.raises(TypeError):
        analyse_library(library, [other], executor=here)


def test_other_settings_make_everything_stale_and_back_again(library, choose, here):
    before = dump(library.connection)
    other = replace(Settings(), seed=1)
    assert analyse_library(library, [choose], other, executor=here).analysed == 5
    assert dump(library.connection) != before
    assert analyse_library(library, [choose], executor=here).analysed == 5
    assert dump(library.connection) == before


def test_a_new_run_is_heard_by_the_others(choose, here, analysed, runs_of_town, tmp_path):
    """One run less and then added: as if all had been there from the start."""
    with open_library(tmp_path / "library") as library:
        zero, one, *others = sorted(runs_of_town.iterdir())
        import_paths(library, [zero, *others])
        assert analyse_library(library, [choose], executor=here).analysed == 4
        import_paths(library, [one])
        report = analyse_library(library, [choose], executor=here)
        assert report.analysed == 5
        ours = dump(library.connection)
    with open_library(analysed) as library:
        assert ours == dump(library.connection)


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_workers_do_not_matter(imported, choose, analysed, tmp_path, kind):
    folder = copied(imported, tmp_path)
    pool = (
        ThreadPoolExecutor(2)
        if kind == "threads"
        else ProcessPoolExecutor(2, mp_context=get_context("spawn"))
    )
    with pool, open_library(folder) as library:
        analyse_library(library, [choose], executor=pool)
    assert exact_of(folder) == exact_of(analysed)


@pytest.mark.filterwarnings("default")
def test_a_few_runs_start_no_process_that_costs_more_than_they_do(monkeypatch):
    counts = []

    def started(count, _folder):
        counts.append(count)
        raise BrokenExecutor

    monkeypatch.setattr("camber.library.workers.os.cpu_count", lambda: 4)
    monkeypatch.setattr("camber.library.workers._processes", started)
    for given, runs in ((None, (1, 16, 17)), (None, (1000,)), (None, (3, None)), (3, (1,))):
        with Workers(None, given) as pool:
            for expected in runs:
                pool.expect(expected)
                assert pool._submit(Work((), None, Settings())) is None
    assert counts == [1, 1, 2, 4, 1, 4, 3]


def test_a_dask_cluster_does_not_matter(imported, choose, analysed, tmp_path):
    distributed = pytest.importorskip("distributed")
    folder = copied(imported, tmp_path)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
        open_library(folder) as library,
    ):
        analyse_library(library, [choose], executor=client.get_executor(pure=False))
    assert exact_of(folder) == exact_of(analysed)


def test_a_run_without_roads_keeps_what_was_found_before(library, here):
    before = dump(library.connection)
    report = analyse_library(
        library, [RoadChoice(lambda: "none", lambda _longitude, _latitude: None)], executor=here
    )
    assert (report.kept, report.no_roads) == (5, ())
    assert [line for line in dump(library.connection).splitlines() if line.startswith("result")] == [
        line for line in before.splitlines() if line.startswith("result")
    ]


def test_a_run_that_stumbles_costs_itself_alone(imported, choose, here, tmp_path, monkeypatch):
    given = camber.library.workers.analyse

    def stumble(recording, *rest, **named):
        if recording.name == "Run 2":
            raise ZeroDivisionError("a slip")
        return given(recording, *rest, **named)

    monkeypatch.setattr("camber.library.workers.analyse", stumble)
    with open_library(copied(imported, tmp_path)) as library:
        report = analyse_library(library, [choose], executor=here)
        assert [reason for _, reason in report.failed] == ["unexpected ZeroDivisionError: a slip"]
        assert report.analysed == 4
        assert analyse_library(library, [choose], executor=here).failed == report.failed


class Fatal:
    """What a worker does, but one run kills it."""

    def __init__(self, run, times, folder):
        self.run, self.times, self.folder = run, times, folder

    def __call__(self, work):
        for _ in range(self.times if self.run in {job.run for job in work.jobs} else 0):
            try:
                (self.folder / f"{len(list(self.folder.iterdir()))}").touch(exist_ok=False)
            except FileExistsError:
                continue
            if len(list(self.folder.iterdir())) <= self.times:
                os.kill(os.getpid(), signal.SIGKILL)
        return camber.library.workers.do(work)


@pytest.mark.parametrize("deaths", [1, 100])
def test_a_worker_that_dies_costs_the_run_it_died_of_alone(
    imported, analysed, choose, tmp_path, monkeypatch, deaths
):
    """Killed once, all runs are done again; killed by the same run always, that run is given up."""
    (tmp_path / "deaths").mkdir()
    monkeypatch.setattr("camber.library.workers.do", Fatal(3, deaths, tmp_path / "deaths"))
    folder = copied(imported, tmp_path)
    with open_library(folder) as library:
        report = analyse_library(library, [choose], workers=2)
        assert check_library(library).findings == ()
    if deaths == 1:
        assert (report.analysed, report.failed) == (5, ())
        assert exact_of(folder) == exact_of(analysed)
    else:
        assert [run for run, _ in report.failed] == [3]
        assert "the process that analysed it died" in report.failed[0][1]
        assert report.analysed == 4


class Breaking(Executor):
    """An executor of somebody else that breaks after some work."""

    def __init__(self, here, good):
        self.here, self.good = here, good

    def submit(self, fn, /, *args, **kwargs):
        self.good -= 1
        if self.good < 0:
            raise BrokenExecutor
        return self.here.submit(fn, *args, **kwargs)


def test_an_executor_that_breaks_is_replaced_by_a_process_of_our_own(
    imported, analysed, choose, here, tmp_path
):
    folder = copied(imported, tmp_path)
    with open_library(folder) as library:
        assert analyse_library(library, [choose], executor=Breaking(here, 1)).analysed == 5
    assert exact_of(folder) == exact_of(analysed)


def started(folder, town):
    home = folder.parent
    return subprocess.Popen(
        [sys.executable, "-m", "camber", "-v", "analyse", "--all", "--workers", "1", "--roads", str(town)],
        env={**os.environ, "CAMBER_HOME": str(home), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


KILLS = int(os.environ.get("CAMBER_KILLS", "8"))


def test_killed_at_any_moment_it_goes_on_to_the_same_library(imported, analysed, town, tmp_path):
    """kill -9 at random moments, and no worker lives on; CAMBER_KILLS sets how often (1,000 on demand)."""
    rng = np.random.default_rng(7)
    folder = copied(imported, tmp_path)
    said, rounds = 0, 0
    for _ in range(KILLS):
        process = started(folder, town)
        for _ in range(int(rng.integers(0, 6))):
            line = process.stderr.readline()
            said += line.startswith("analysing: run ")
        time.sleep(rng.uniform(0.0, 0.3))
        process.kill()
        assert everybody_ends(process.pid)
        process.communicate()
        with open_library(folder) as library:
            assert check_library(library).findings == ()
            done = library.connection.execute("SELECT count(*) FROM result").fetchone()[0]
            assert done >= said
        if done == 5:
            rounds, said = rounds + 1, 0
            folder = copied(imported, tmp_path, f"again{rounds}/library")
    process = started(folder, town)
    _, err = process.communicate()
    assert process.returncode == 0, err
    ours, theirs = exact_of(folder), exact_of(analysed)
    # The command line takes the roads of the file as the fixture does: the same in every row.
    assert ours == theirs


def test_evidence_alone_is_that_of_the_whole_analysis(analysed, town):
    roads = camber.read_roads(town)
    with open_library(analysed) as library:
        recordings = [
            library.recording(int(run)) for run in library.runs().query("state == 'analysed'").index
        ]
    for recording in recordings:
        assert evidence_of(recording, roads) == camber.analyse(recording, roads).evidence


def test_an_observation_concerns_the_runs_that_pass_there_and_leaves_no_trace(library, choose, here):
    before = dump(library.connection)
    passed = [evidence.ways for _, evidence in read_evidence(library.connection)]
    counts = Counter(way for ways in passed for way in ways)
    way, count = next((way, count) for way, count in sorted(counts.items()) if count < len(passed))
    fall = {"left_pct": -3.0, "left_sd_pct": 0.2, "right_pct": -3.0, "right_sd_pct": 0.2}
    seen = Observed((RoadObserved(way, 0.0, 1e5, **fall),))
    assert analyse_library(library, [choose], executor=here, observed=seen).analysed == count
    assert dump(library.connection) != before
    assert analyse_library(library, [choose], executor=here, observed=seen).analysed == 0
    assert analyse_library(library, [choose], executor=here).analysed == count
    assert dump(library.connection) == before


def test_of_other_ways_a_run_hears_the_first_eight_sixteen_and_so_on():
    roads = tuple(RoadObserved(way, 0.0, 100.0) for way in range(40))
    for count, others in ((7, 0), (8, 8), (15, 8), (16, 16), (40, 32)):
        handed = _handed([Observed((one,)) for one in roads[:count]], Evidence(ways=(3, count - 1)))
        expected = set(range(others)) | {3, count - 1}
        assert {one.way_id for one in handed.roads} == expected
    assert _handed([Observed((one,)) for one in roads[:7]], Evidence(ways=(99,))) is None
    assert _handed([], Evidence(ways=(3,))) is None
