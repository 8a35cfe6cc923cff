"""The built-in suites and students as settings: what the command line can set of each, and how it is built."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import student
from envs import Addition, Student, Suite, TextTask


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
class _Optimiser:
    """Options that every torch student has."""

    learning_rate: float = 2e-3
    """Step size of Adam."""
    weight_decay: float = 0.0
    """Weight decay."""
    optimizer: Literal["adam", "adamw"] = "adam"
    """Adam, or AdamW with decoupled weight decay."""
    clip: float | None = 1.0
    """Norm to which a gradient is scaled down; None: never."""

    def _student(self, make_model: Callable[[], Any], num_learners: int) -> Student:
        return student.TorchStudent(
            make_model, num_learners, self.optimizer, self.learning_rate, self.weight_decay, self.clip
        )


@dataclass(frozen=True)
class LSTMStudent(_Optimiser):
    """An LSTM language model."""

    width: int = 128
    """Size of the hidden state."""
    num_layers: int = 1
    """Stacked layers."""
    embedding: int = 32
    """Size of the token embedding."""

    def build(self, vocab_size: int, num_learners: int) -> Student:
        """The student."""
        return self._student(
            lambda: student.LSTM(vocab_size, self.width, self.num_layers, self.embedding), num_learners
        )


@dataclass(frozen=True)
class TransformerStudent(_Optimiser):
    """A decoder-only Transformer with rotary positions."""

    width: int = 64
    """Model width."""
    num_layers: int = 2
    """Blocks."""
    num_heads: int = 4
    """Attention heads."""
    dropout: float = 0.0
    """Rate on both residual branches."""

    def build(self, vocab_size: int, num_learners: int) -> Student:
        """The student."""
        return self._student(
            lambda: student.Transformer(vocab_size, self.width, self.num_layers, self.num_heads, self.dropout),
            num_learners,
        )


class SuiteComponent(Protocol):
    """Settings that build a suite."""

    def build(self, name: str) -> Suite:
        """The suite."""


class StudentComponent(Protocol):
    """Settings that build a student."""

    def build(self, vocab_size: int, num_learners: int) -> Student:
        """The student."""
