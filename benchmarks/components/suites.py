"""Built-in suites as settings: what the command line can set of each, and how it is built."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Protocol

from envs import Addition, Suite, TextTask


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
