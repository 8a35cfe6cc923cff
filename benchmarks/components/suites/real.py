"""Suites of real data, or of others' generators: what the command line can set of each, and how it is built."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from envs import Suite
from envs.batch import Floats
from envs.tasks import (
    Forecast,
    HuggingFaceTask,
    NGram,
    ReasoningGymTask,
    TextTask,
)
from envs.tasks.real.series import sample_series, statsmodels_series


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
