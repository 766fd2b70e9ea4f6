"""What each word was worth: of simulated weeks and runs called "likely left", how many were left.

Run with ``python tests/benchmarks/words.py --weeks 240 --workers 2`` in the project's root; ``--small`` is a
glance. Every second week is of the calibration study (real streets, runners and receivers drawn from wider
ranges than the model's, some with errors that the model does not know); tours of such runners come out about
even, so that the other weeks are of runners who always keep to one side, facing traffic or with it, on
sidewalks as others do; ``--edge`` keeps them on the road even where there is a sidewalk. Four runs each, told
by each other's evidence. Prints Markdown; ``--output`` keeps every row, and goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import camber  # noqa: E402 - the project's root has to be found before
from camber import simulate, standards  # noqa: E402
from camber.adding import add_draws  # noqa: E402
from camber.lateral import pool_evidence  # noqa: E402
from camber.schema import Word, low_leg_of  # noqa: E402
from camber.schema.likelihood import EVEN_SHARE, LEG_NAMED  # noqa: E402
from tests.benchmarks.calibration import scenarios  # noqa: E402
from tests.benchmarks.markdown import markdown  # noqa: E402

SEED = 2026
STRICT_SHARE = 0.75
"""True share of one leg from which a week is of a runner who always keeps one side (judgement)."""


@cache
def extracts():
    """Roads of every town, opened once in each process."""
    return scenarios.open_extracts()


def drawn_week(number, seed):
    """Four runs of a runner of the calibration study; None where no route was found."""
    return scenarios.draw_week(extracts(), seed, number)


def strict_week(number, seed, *, edge, runs=4):
    """Four runs of one runner who always, or never, faces traffic; with ``edge`` on no sidewalk at all."""
    rng = np.random.default_rng([seed, 2, number])
    names = sorted(extracts())
    town, receiver = names[number % len(names)], scenarios.CLASSES[number // len(names) % 3]
    error = scenarios.draw_error(receiver, rng, misspecified=False)
    walks = 0.0 if edge else float(rng.uniform(0.7, 1.0))
    habit = simulate.Habit(p_facing=float(rng.random() < 0.5), p_sidewalk=walks, p_centre=0.02)
    contexts = standards.table("side_prior")["context"]
    runner = simulate.RunnerModel(
        speed_mps=float(rng.uniform(2.4, 3.8)),
        habits_by_context=tuple((str(context), habit) for context in contexts),
        p_same_physical_side=0.0,
    )
    parts, world = (number, town, receiver, False), 2_000_000 + number
    return [scenarios.simulated(extracts(), parts, error, runner, rng, world) for _ in range(runs)]


def judge_week(number, seed, *, edge=False):
    """Rows of one week: the word of each of its runs and of the whole, beside what was true."""
    strict = number % 2 == 1
    how = {"edge": edge} if strict else {}
    week = (strict_week if strict else drawn_week)(number // 2, seed, **how)
    if week is None or any(one is None for one in week):
        return []
    first = [camber.analyse(one.run.recording, one.roads) for one in week]
    learned = pool_evidence(one.evidence for one in first)
    told = [camber.analyse(one.run.recording, one.roads, None, learned) for one in week]
    rows = [_row(one, "run", judged.draws, one.run.truth) for one, judged in zip(week, told, strict=True)]
    truth = pd.concat([one.run.truth for one in week])
    rows.append(_row(week[0], "week", add_draws([judged.draws for judged in told]), truth))
    return [row | {"week": number, "runner": "strict" if strict else "drawn"} for row in rows]


def _row(scenario, what, draws, truth):
    low, true = low_leg_of(draws), simulate.truth_totals(truth)
    tilted = true.left_low_m + true.right_low_m
    return {
        "what": what,
        "receiver": scenario.device_class,
        "town": scenario.extract,
        "misspecified": scenario.misspecified,
        "word": str(low.word),
        "leg": low.leg,
        "p_left": low.p_left,
        "p_right": low.p_right,
        "p_even": low.p_even,
        "share": np.nan if low.left_share is None else low.left_share.median,
        "true_share": true.left_low_m / tilted if tilted > 0.0 else np.nan,
    }


def worth(rows):
    """One row per word: how often it was said, how often it was so, and what was claimed on average."""
    lines = []
    for what, parts in rows.groupby("what"):
        for word in Word:
            said = parts[parts["word"] == word]
            if said.empty:
                continue
            true = said["true_share"].to_numpy()
            if word in LEG_NAMED:
                so = np.where(said["leg"] == "left", true > 0.5, true < 0.5)
                claimed = said[["p_left", "p_right"]].max(axis=1)
            else:
                so, claimed = np.abs(true - 0.5) <= EVEN_SHARE, said["p_even"]
            low, high = wilson(int(so.sum()), len(so))
            lines.append((what, str(word), len(said), so.mean(), low, high, claimed.mean()))
    return pd.DataFrame(lines, columns=["of", "word", "said", "was so", "from", "to", "claimed"])


def wilson(hits, count, z=1.645):
    """90 % interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22)."""
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return middle - half, middle + half


def said_of(rows):
    """Of weeks of one side, how many were named, and of even ones how many were wrongly so."""
    weeks = rows[rows["what"] == "week"]
    true, named = weeks["true_share"], weeks["leg"] != ""
    strict = weeks[np.maximum(true, 1.0 - true) >= STRICT_SHARE]
    rightly = named[strict.index] & ((strict["leg"] == "left") == (strict["true_share"] > 0.5))
    even = np.abs(true - 0.5) <= EVEN_SHARE
    likely = weeks["word"].isin([Word.LIKELY, Word.VERY_LIKELY])
    return (
        f"Of {len(strict)} weeks with {STRICT_SHARE:.0%} or more on one leg, "
        f"{int(rightly.sum())} name it, perhaps or stronger. Of {int(even.sum())} weeks within ten points "
        f"of even, {int((even & likely).sum())} name a leg, likely or stronger."
    )


def main():
    """Judge the weeks that are missing, and say what the words were worth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=240)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--edge", action="store_true", help="no sidewalks for runners of one side")
    parser.add_argument("--small", action="store_true", help="four weeks")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "words.csv")
    options = parser.parse_args()
    count = 4 if options.small else options.weeks
    began, rows = time.perf_counter(), pd.DataFrame()
    if options.output.exists():
        rows = pd.read_csv(options.output, keep_default_na=False, na_values=["nan", "NaN"])
    options.output.parent.mkdir(parents=True, exist_ok=True)
    done = set(rows["week"]) if len(rows) else set()
    with ProcessPoolExecutor(options.workers) as pool:
        open_ = {
            pool.submit(judge_week, n, options.seed, edge=options.edge) for n in range(count) if n not in done
        }
        for future in as_completed(open_):
            rows = pd.concat([rows, pd.DataFrame(future.result())], ignore_index=True)
            rows.to_csv(options.output, index=False, na_rep="nan")
    rows = rows[rows["week"] < count]
    weeks = rows["week"].nunique()
    print(f"{weeks} simulated weeks of four runs, seed {options.seed}, {time.perf_counter() - began:.0f} s\n")
    print(markdown(worth(rows)), "\n")
    for receiver, part in rows[rows["what"] == "week"].groupby("receiver"):
        print(f"Weeks, {receiver}:\n\n{markdown(worth(part))}\n")
    print(said_of(rows))


if __name__ == "__main__":
    main()
