"""Forecasting of real series, as next-token prediction over binned values."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from envs.batch import Batch, Floats, Ints
from envs.suite import Axis, Difficulty, Split
from envs.tasks.exact import increasing
from envs.tasks.real.series import Source, check_series, load_series
from envs.tasks.real.tokenise import Bins, mean_scale
from envs.tasks.sequence import answered

_PARTS = {Split.TRAIN: (0.0, 0.7), Split.PROBE: (0.7, 0.85), Split.TEST: (0.85, 1.0)}
"""What part of a series' time each split may see."""


class Windows(NamedTuple):
    """Windows of a series in its own units.

    Attributes:
        context: float64 ``(B, C)``, what is seen.
        future: float64 ``(B, H)``, what is to be forecast.
        scale: float64 ``(B,)``, mean absolute value of each context: what a token's value is multiplied with.
        start: int64 ``(B,)``, index of the first step in the series at its granularity.
    """

    context: Floats
    future: Floats
    scale: Floats
    start: Ints


class Forecast:
    """The next values of a series; axes: granularity (steps averaged into one), horizon, context, and the series.

    A window of context + horizon steps is divided by the mean absolute value of its context, and each value becomes the
    number of its bin. The loss is on the horizon alone, each step given the true ones before it (teacher forcing).
    Worked example, context 3, horizon 2, five bins with centres -1, -0.5, 0, 0.5 and 1, window 2 -2 2 -1 1, scale 2::

        scaled    1   -1    1  -.5        (the last value, .5, is a target only)
        tokens    4    0    4    1
        targets   .    .    1    3        ('.' is IGNORE)

    The splits are disjoint in time: TRAIN is the first 70 % of a series, PROBE the next 15 %, TEST the last 15 %, and
    no window and no averaged step crosses a boundary. ``Batch.times`` is a step's index in the averaged series.

    What order granularities have is a property of the series, so they may be given rising or falling, easiest first.
    Where the series is smooth (the default, prices, most sensors) averaging makes each forecast reach further, the
    last value tells less of the next, and the finest is the easiest: ``naive_nats`` rises. Where noise
    dominates, averaging removes it, and the coarsest is the easiest.

    Competence is linear in nats per token: 0 at ``start_nats``, 1 at ``goal_nats``, both fixed beforehand. For the
    defaults a uniform guess has 4.85; the persistence forecast of ``naive_nats`` has from 1.0 (granularity 1) to 2.0
    (granularity 4) on PROBE, 0.6 to 1.4 on TEST, which is a quieter stretch of the recording; an LSTM gets to about
    half of that on TEST, hence the goal of 0.6.

    Args:
        source: see ``load_series``; default matplotlib's recording of a membrane's potential (12,000 samples).
        columns: names of the series to keep; None: all. With several, ``series`` is an axis without an order.
        granularities: steps averaged into one, easiest first.
        horizons: steps to forecast, easiest (shortest) first.
        contexts: steps seen, shortest first.
        num_bins: V.
        limits: centres of the outermost bins, in units of the scale; values beyond go to the outermost.
        beyond_horizons: horizons evaluated and never taught; None: twice the longest.
        beyond_contexts: the same for contexts. Both are left out where TEST is too short for them.
        start_nats: nats per token at competence 0; None: those of a uniform guess, ``ln num_bins``.
        goal_nats: nats per token at competence 1.
        mastery: competence from which an arm counts as mastered.
        name: the task's name.

    Reference: A. Ansari et al., Chronos (2024), arXiv:2403.07815, section 3.1 (scaling and bins; there a model sees
    series of many domains, here a student learns one or a few).

    Raises:
        FileNotFoundError: the file is not there.
        ValueError: a series with gaps, constant, or too short for its longest window; an unknown column; parameters
            out of range.
    """

    def __init__(
        self,
        source: Source | None = None,
        columns: Sequence[str] | None = None,
        granularities: Sequence[int] = (1, 2, 4),
        horizons: Sequence[int] = (4, 8, 16),
        contexts: Sequence[int] = (8, 16, 32),
        num_bins: int = 128,
        limits: tuple[float, float] = (-3.0, 3.0),
        beyond_horizons: Sequence[int] | None = None,
        beyond_contexts: Sequence[int] | None = None,
        start_nats: float | None = None,
        goal_nats: float = 0.6,
        mastery: float = 0.98,
        name: str = "forecast",
    ):
        steps = tuple(granularities)
        rising = tuple(sorted(set(steps)))
        if not steps or rising[0] < 1 or steps not in (rising, rising[::-1]):
            raise ValueError(
                f"granularities must be whole numbers from 1 on, rising or falling, easiest first; got {list(steps)}"
            )
        horizons, contexts = increasing("horizons", horizons, 1), increasing("contexts", contexts, 1)
        self.bins = Bins(*limits, num_bins)
        start_nats = math.log(num_bins) if start_nats is None else start_nats
        if not math.inf > start_nats > goal_nats >= 0 or not 0 < mastery <= 1:
            raise ValueError(
                "start_nats must be finite and exceed goal_nats >= 0, and mastery be in (0, 1]; "
                f"got start_nats={start_nats}, goal_nats={goal_nats}, mastery={mastery}"
            )
        self.vocab_size, self.symbols = num_bins, self.bins.symbols
        self.ordered_tokens = (0, num_bins)  # all of them, in the order of their values
        self.name, self.mastery = name, mastery
        self.start_nats, self.goal_nats = start_nats, goal_nats
        series = load_series(source, columns)
        window = horizons[-1] + contexts[-1]
        self._parts: dict[tuple[str, int, Split], _Part] = {}
        for label, values in series.items():
            check_series(label, values)
            for step in steps:
                for split in Split:
                    part = _part(values, step, split)
                    if len(part.values) < window:
                        raise ValueError(
                            f"series {label!r} has {len(part.values)} steps in {split.name} at granularity {step}, "
                            f"fewer than its longest window, {contexts[-1]} + {horizons[-1]}: give a longer series, "
                            "or shorter contexts, horizons or granularities"
                        )
                    if part.values.min() == part.values.max():
                        raise ValueError(
                            f"series {label!r} is constant in {split.name} at granularity {step}: give a series that "
                            "changes in each part of its time"
                        )
                    self._parts[label, step, split] = part
        self._only = next(iter(series)) if len(series) == 1 else None
        of_series = () if self._only is not None else (Axis("series", tuple(series), ordered=False),)
        self.axes = (
            Axis("granularity", steps),
            Axis("horizon", horizons),
            Axis("context", contexts),
            *of_series,
        )
        further_horizons = (2 * horizons[-1],) if beyond_horizons is None else tuple(beyond_horizons)
        further_contexts = (2 * contexts[-1],) if beyond_contexts is None else tuple(beyond_contexts)
        shapes = [(h, contexts[-1]) for h in further_horizons] + [(horizons[-1], c) for c in further_contexts]
        self.beyond: tuple[Difficulty, ...] = tuple(
            {"granularity": steps[-1], "horizon": h, "context": c}
            | ({} if self._only is not None else {"series": label})
            for h, c in shapes
            for label in series
            if len(self._parts[label, steps[-1], Split.TEST].values) >= h + c
        )
        settings = [steps, horizons, contexts, num_bins, limits, shapes, start_nats, goal_nats]
        digest = hashlib.sha256(json.dumps(settings).encode())
        for label, values in series.items():
            digest.update(label.encode() + values.tobytes())
        self.version = f"forecast-1 {digest.hexdigest()[:16]}"

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws windows: tokens and targets ``(B, context + horizon - 1)``."""
        windows = self.forecast_windows(difficulty, split, batch_size, rng)
        scale = windows.scale[:, None]
        batch = answered(self.bins.tokens(windows.context / scale), self.bins.tokens(windows.future / scale))
        times = windows.start[:, None] + np.arange(batch.tokens.shape[1])
        return Batch(batch.tokens, batch.targets, times=times)

    def forecast_windows(self, difficulty: Difficulty, split: Split, count: int, rng: np.random.Generator) -> Windows:
        """Draws ``count`` windows in the series' own units: with an equal ``rng``, those of ``sample``.

        What a report needs for scaled errors: forecasts are ``values(tokens, scale)``, ``future`` is what came.
        """
        horizon, context = int(difficulty["horizon"]), int(difficulty["context"])
        part = self._part_of(difficulty, split)
        start = rng.integers(0, len(part.values) - horizon - context + 1, count)  # (B,)
        window = part.values[start[:, None] + np.arange(context + horizon)]  # (B, C + H)
        seen = window[:, :context]
        return Windows(seen, window[:, context:], mean_scale(seen)[:, 0], part.first + start)

    def values(self, tokens: Ints, scale: Floats) -> Floats:
        """What tokens ``(..., B, T)`` stand for in the series' own units, given each window's scale ``(B,)``."""
        return self.bins.values(tokens) * scale[:, None]

    def steps_of(self, difficulty: Difficulty, split: Split) -> Floats:
        """The series of a difficulty in a split, averaged, ``(N,)``: TRAIN's is the past that scales an error."""
        return self._part_of(difficulty, split).values.copy()

    def naive_nats(self, difficulty: Difficulty, split: Split = Split.PROBE, count: int = 2000) -> float:
        """Cross-entropy, nats per token, of the persistence forecast: the next value is like the last.

        ``p(next = j | last = i)`` is proportional to ``exp(-|j - i| / b)`` over the bins, a discrete Laplace
        distribution of the one-step change, with b fitted by maximum likelihood on ``count`` windows of TRAIN and
        judged on as many of ``split``: what to hold the anchors of competence against.
        """
        from scipy import optimize  # a quarter of a second, needed here alone

        near = -np.abs(np.subtract.outer(np.arange(self.vocab_size), np.arange(self.vocab_size)))  # (V, V)

        def nats(log_width: float, of: Split) -> float:
            batch = self.sample(np.random.default_rng(0), difficulty, count, of)
            scored = batch.targets >= 0
            exponent = near * math.exp(-log_width)
            log_p = exponent - np.log(np.exp(exponent).sum(axis=1, keepdims=True))
            return float(-log_p[batch.tokens[scored], batch.targets[scored]].mean())

        most = math.log(self.vocab_size) + 3
        fitted = optimize.minimize_scalar(nats, bounds=(-4.0, most), method="bounded", args=(Split.TRAIN,))
        return nats(float(fitted.x), split)

    def competence(self, loss: Floats, token_accuracy: Floats, sequence_accuracy: Floats) -> Floats:
        """Linear in nats per token between the two anchors, clipped to [0, 1]."""
        return np.clip((self.start_nats - loss) / (self.start_nats - self.goal_nats), 0.0, 1.0)

    def _part_of(self, difficulty: Difficulty, split: Split) -> _Part:
        label = self._only if self._only is not None else str(difficulty["series"])
        return self._parts[label, int(difficulty["granularity"]), split]


class _Part(NamedTuple):
    """The averaged steps of a series that lie wholly in one split."""

    values: Floats  # (N,)
    first: int  # index of the first of them in the averaged series


def _part(values: Floats, step: int, split: Split) -> _Part:
    begin, end = (round(share * len(values)) for share in _PARTS[split])
    first, last = -(-begin // step), end // step
    return _Part(values[first * step : last * step].reshape(-1, step).mean(axis=1), first)
