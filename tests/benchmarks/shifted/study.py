"""One season from its plan to what the study keeps of it, in a process of its own where two are wanted."""

import sys
import time
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from camber.schema import Settings
from tests.benchmarks.shifted import judged, measures, season


@dataclass(frozen=True, eq=False)
class Kept:
    """Rows by run, week, month and stretch, all blocks, their drawn sides, and what it took."""

    rows: list
    blocks: pd.DataFrame
    sides: np.ndarray
    cpu_s: float


def settings_of(options):
    """Settings of the model as shipped, but for what the options say."""
    settings = Settings(draws=options.draws)
    if options.level is None:
        return settings
    return replace(settings, cross_slope=replace(settings.cross_slope, level_pct=options.level))


def kept_season(planned, options):
    """Judge one season, or take what an interrupted study of the same folder has judged."""
    if options.parts is None:
        return judge_season(planned, options)
    options.parts.mkdir(parents=True, exist_ok=True)
    name = f"{planned.number}-{planned.seed}-{planned.weeks}w{planned.without}.judged"
    return season.kept(options.parts / name, lambda: judge_season(planned, options))


def judge_season(planned, options):
    """Judge one season in every way that is asked for."""
    begin, settings = time.process_time(), settings_of(options)
    roads, runs = season.season(planned, options.cache)
    if options.curve:
        every = judged.curve(roads, runs, settings)
    else:
        wanted = judged.Wanted(not options.no_ceilings, options.answers, options.measured)
        every = judged.judge(planned, roads, runs, settings, wanted)
    rows = [row for one in every for row in measures.rows_of(one, planned)]
    tables = [measures.blocks_of(one, planned) for one in every]
    cpu_s = time.process_time() - begin
    print(
        f"{planned.number}: {planned.town}, {planned.kind}, {planned.receiver}: {cpu_s:.0f} s",
        file=sys.stderr,
    )
    blocks, sides = zip(*tables, strict=True)
    return Kept(rows, pd.concat(blocks, ignore_index=True), np.hstack(sides), cpu_s)
