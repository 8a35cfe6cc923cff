"""Controls: what a gain of the general teacher is made of, its features, its rewards, its mixtures or its order."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import tyro

from benchmarks.export import as_json
from benchmarks.pace import Pace, read_pace
from benchmarks.records import PresetName
from benchmarks.store import UserError, write_text
from benchmarks.studies.records.run import Kept, schedules
from benchmarks.terminal import say


@dataclass(frozen=True)
class Yoke(Kept):
    """Makes what the yoked controls of a suite replay: on seed s, what the general teacher did on the seed after it.

    Decision by decision, and the mean over the lifetime. It was another of the trained teachers that taught that seed.
    The last seed replays the first: with other ``seeds`` its controls are run anew.

    Of lifetimes of one's own, with the same --results as `run` had: their schedules lie in its folder `schedules`,
    where `run` with it and `--teachers yoked yoked-shuffled static-mean` finds them (and replays the committed ones
    without any).
    """

    suite: tyro.conf.Positional[str]
    """A suite of record, whose lifetimes under the general teacher are finished."""
    preset: PresetName = "small"
    """Its set-up."""

    def execute(self) -> None:
        """Writes two schedules a seed."""
        if self.seeds < 2:
            raise UserError(f"seeds must be at least 2: a control replays another seed's lifetime; got {self.seeds}")
        run = self.run_of(("general",), preset=self.preset)
        folders = [folder for _, _, folder in run.places(self.suite)]
        if missing := [folder for folder in folders if not (folder / "summary.json").exists()]:
            raise UserError(
                f"{len(missing)} lifetimes of the general teacher are not finished, the first: {missing[0]}"
            )
        paces = [read_pace(folder) for folder in folders]
        out = schedules(run.name(self.suite), self.results)
        out.mkdir(parents=True, exist_ok=True)
        for seed in range(self.seeds):
            pace = paces[(seed + 1) % self.seeds]
            write_text(out / f"{seed}.json", as_json(pace))
            write_text(out / f"{seed}-average.json", as_json(static_mean(pace)))
        say(f"{2 * self.seeds} schedules: {out}")


def static_mean(pace: Pace) -> Pace:
    """A single decision with the mean of the mixtures, each weighted by its updates."""
    updates, mixtures = pace.phases(1)
    return dataclasses.replace(pace, updates=updates, mixtures=mixtures, counts=pace.counts.sum(axis=0, keepdims=True))
