"""Built-in suites as settings: what the command line can set of each, and how it is built."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from envs import Suite
from envs.batch import Floats
from envs.tasks import (
    Addition,
    AssociativeRecall,
    Copy,
    Forecast,
    HuggingFaceTask,
    LabelNoise,
    NGram,
    Parity,
    RareEvents,
    ReasoningGymTask,
    Reordered,
    RepeatCopy,
    Reverse,
    SelectiveCopy,
    StackManipulation,
    TextTask,
    shared_vocabulary,
)
from envs.tasks.real.series import sample_series, statsmodels_series


class SuiteComponent(Protocol):
    """Settings that build a suite."""

    def build(self, name: str) -> Suite:
        """The suite."""


@dataclass(frozen=True)
class AdditionSuite:
    """Addition of 1 to N digits, all of them targets."""

    digits: int = 5
    """Longest taught number of digits."""
    reversed_answer: bool = True
    """Least significant digit of the answer first."""

    def build(self, name: str) -> Suite:
        """The suite."""
        task = Addition(digits=range(1, self.digits + 1), reversed_answer=self.reversed_answer)
        return Suite([task], name=name)


@dataclass(frozen=True)
class ReorderedAdditionSuite:
    """Addition whose order of difficulty is told wrong, or not at all."""

    digits: int = 4
    """Longest taught number of digits."""
    told: Literal["wrong", "nothing"] = "wrong"
    """The order that teachers are told: a wrong one, or none."""
    order_seed: int = 0
    """Which wrong order."""

    def build(self, name: str) -> Suite:
        """The suite."""
        return Suite([Reordered(Addition(digits=range(1, self.digits + 1)), self.told, self.order_seed)], name=name)


@dataclass(frozen=True)
class ReorderedRepeatCopySuite:
    """Repeat copy whose two orders of difficulty, of lengths and of repeats, are told wrong, or not at all."""

    lengths: tuple[int, ...] = (1, 2, 3, 4)
    """Symbols to repeat, easiest first."""
    repeats: tuple[int, ...] = (1, 2, 3)
    """How often, easiest first."""
    told: Literal["wrong", "nothing"] = "wrong"
    """The order that teachers are told: a wrong one, or none."""
    order_seed: int = 0
    """Which wrong order."""

    def build(self, name: str) -> Suite:
        """The suite."""
        task = RepeatCopy(lengths=self.lengths, repeats=self.repeats)
        return Suite([Reordered(task, self.told, self.order_seed)], name=name)


@dataclass(frozen=True)
class TextSuite:
    """Byte-level language modelling; the longest context of every domain is a target, shorter ones are auxiliary."""

    source: tuple[str, ...] = ()
    """A folder with one subfolder per domain, or files; none: the running Python's standard library."""
    domains: tuple[str, ...] = ()
    """Domains to keep; none: all, or of the standard library modules, asyncio, email and encodings."""
    contexts: tuple[int, ...] = (16, 32, 64)
    """Window lengths in bytes, easiest first."""
    chunk_bytes: int | None = None
    """Cut files into documents of this many bytes."""
    start_bits: float = 5.0
    """Bits per byte at competence 0."""
    goal_bits: float = 2.6
    """Bits per byte at competence 1."""

    def build(self, name: str) -> Suite:
        """The suite."""
        source: str | tuple[str, ...] | None = self.source or None
        if len(self.source) == 1 and not os.path.isfile(self.source[0]):
            source = self.source[0]  # a folder
        task = TextTask(
            source,
            self.contexts,
            self.domains or (("modules", "asyncio", "email", "encodings") if source is None else None),
            self.chunk_bytes,
            start_bits=self.start_bits,
            goal_bits=self.goal_bits,
        )
        return Suite([task], lambda _, difficulty: difficulty["context"] == self.contexts[-1], name)


@dataclass(frozen=True)
class NoisyAdditionSuite:
    """Addition with wrong training labels: an axis of noise rates; the arms without noise are the targets."""

    digits: int = 3
    """Longest taught number of digits."""
    rates: tuple[float, ...] = (0.0, 0.1, 0.3)
    """Shares of wrong labels, least first; held-out samples are clean."""

    def build(self, name: str) -> Suite:
        """The suite."""
        task = LabelNoise(Addition(digits=range(1, self.digits + 1)), rates=self.rates)
        return Suite([task], lambda _, difficulty: difficulty["noise"] == self.rates[0], name)


@dataclass(frozen=True)
class TiersSuite:
    """Several memory tasks in one vocabulary: short to long, motifs beyond, a long tail of events, auxiliary tasks."""

    length: int = 8
    """Longest taught copy and reversal."""
    tails: tuple[float, ...] = (0.0, 1.0)
    """Exponents of the long tail from which recalled items come in training; held-out items are balanced."""
    auxiliary_weight: float = 0.5
    """Factor on the loss of the auxiliary task, reversal, which is no target."""

    def build(self, name: str) -> Suite:
        """The suite."""
        lengths = (*(n for n in (2, 4, 8, 16, 32) if n < self.length), self.length)
        tasks = shared_vocabulary(
            [
                Copy(lengths=lengths),
                RareEvents(AssociativeRecall(items=(2, 3, 4), item_length=1), exponents=self.tails),
                Reverse(lengths=lengths),
            ],
            announce=True,
        )
        auxiliary = tasks[2].name
        return Suite(
            tasks,
            lambda task, _: task != auxiliary,
            name,
            lambda task, _: self.auxiliary_weight if task == auxiliary else 1.0,
        )


@dataclass(frozen=True)
class MixedSuite:
    """Four unrelated skills in one vocabulary, all of them targets: nobody knows in which order to teach them."""

    lengths: tuple[int, ...] = (1, 2, 4)
    """Symbols that repeat copy repeats, twice."""
    parities: tuple[int, ...] = (2, 4, 8)
    """Bits whose parity is asked for."""
    actions: tuple[int, ...] = (1, 2, 4)
    """Actions on a stack of two."""
    counts: tuple[int, ...] = (1, 2, 4)
    """Symbols to copy from among eight blanks."""

    def build(self, name: str) -> Suite:
        """The suite."""
        tasks = shared_vocabulary(
            [
                RepeatCopy(lengths=self.lengths, repeats=(2,)),
                Parity(lengths=self.parities),
                StackManipulation(stacks=(2,), actions=self.actions),
                SelectiveCopy(counts=self.counts, blanks=(8,)),
            ],
            announce=True,
        )
        return Suite(tasks, name=name)


@dataclass(frozen=True)
class ForecastSuite:
    """Forecasts of a real series, tokenised by scaling and binning; the longest horizon and context count."""

    source: str | None = None
    """A CSV or parquet file, matplotlib:NAME or statsmodels:NAME; none: a membrane's potential, from matplotlib."""
    columns: tuple[str, ...] = ()
    """Columns to keep; none: every numeric one."""
    granularities: tuple[int, ...] = (1, 2, 4)
    """Steps averaged into one, easiest first."""
    horizons: tuple[int, ...] = (4, 8, 16)
    """Steps to forecast, easiest first."""
    contexts: tuple[int, ...] = (8, 16, 32)
    """Steps seen."""
    num_bins: int = 128
    """Bins of the scaled values."""
    goal_nats: float = 0.6
    """Nats per token at competence 1."""

    def build(self, name: str) -> Suite:
        """The suite."""
        source: str | dict[str, Floats] | None = self.source
        package, _, named = (self.source or "").partition(":")
        if package == "matplotlib":
            source = sample_series(named)
        elif package == "statsmodels":
            source = statsmodels_series(named)
        task = Forecast(
            source,
            self.columns or None,
            self.granularities,
            self.horizons,
            self.contexts,
            self.num_bins,
            goal_nats=self.goal_nats,
        )
        hardest = {"horizon": self.horizons[-1], "context": self.contexts[-1]}
        return Suite([task], lambda _, difficulty: hardest.items() <= dict(difficulty).items(), name)


@dataclass(frozen=True)
class NGramSuite:
    """Text of n-gram models of orders 0 to 10; the highest order counts."""

    source: str | None = None
    """A text file; none: Python's language reference, as pydoc has it."""
    orders: tuple[int, ...] = tuple(range(11))
    """Orders, lowest first."""
    length: int = 64
    """Characters per sequence."""
    goal_bits: float = 2.0
    """Bits per character at competence 1."""

    def build(self, name: str) -> Suite:
        """The suite."""
        source = None if self.source is None else Path(self.source)
        task = NGram(source, orders=self.orders, length=self.length, goal_bits=self.goal_bits)
        return Suite([task], lambda _, difficulty: difficulty["order"] == self.orders[-1], name)


@dataclass(frozen=True)
class DatasetSuite:
    """Rows of a Hugging Face data set (extra: paceline[hf]), their difficulty from a column."""

    source: str = ""
    """Name or local path, as of datasets.load_dataset."""
    text: str | None = None
    """Column of text to model."""
    question: str | None = None
    """Column of questions, with --hf.answer."""
    answer: str | None = None
    """Column of answers."""
    difficulty: str | None = None
    """Column of numbers that says how hard a row is; none: its length."""
    levels: int | None = None
    """Bins of equal size of the difficulty; none: its distinct values."""
    max_length: int = 256
    """Bytes of a row."""

    def build(self, name: str) -> Suite:
        """The suite."""
        if not self.source:
            raise ValueError("suite hf needs a data set: give --hf.source (a name or a local path)")
        task = HuggingFaceTask(
            self.source,
            self.text,
            self.question,
            self.answer,
            self.difficulty,
            self.levels,
            max_length=self.max_length,
        )
        return Suite([task], name=name)


@dataclass(frozen=True)
class ReasoningSuite:
    """Any generator of reasoning-gym (extra: paceline[reasoning]); its curriculum's attributes are the axes."""

    generator: str = "chain_sum"
    """Name of the generator."""
    axes: tuple[str, ...] = ()
    """Attributes of its curriculum to vary; none: all of them."""
    num_levels: int = 4
    """Levels per attribute."""
    max_length: int = 256
    """Bytes of question and answer."""

    def build(self, name: str) -> Suite:
        """The suite."""
        task = ReasoningGymTask(
            self.generator, self.axes or None, num_levels=self.num_levels, max_length=self.max_length
        )
        return Suite([task], name=name)
