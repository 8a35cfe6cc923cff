"""Suites whose samples are made up: what the command line can set of each, and how it is built."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from envs import Suite
from envs.tasks import (
    Addition,
    AssociativeRecall,
    Copy,
    LabelNoise,
    ModularArithmetic,
    Parity,
    RareEvents,
    Reordered,
    RepeatCopy,
    Reverse,
    SelectiveCopy,
    StackManipulation,
    shared_vocabulary,
)
from envs.tasks.exact import ExactTask


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
class SkillsSuite:
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
class MemorySuite:
    """Copy, repeat copy and associative recall in one vocabulary, all of them targets."""

    lengths: tuple[int, ...] = (1, 2, 3, 4)
    """Symbols to copy, easiest first."""
    repeat_lengths: tuple[int, ...] = (2,)
    """Symbols that repeat copy repeats, easiest first."""
    repeats: tuple[int, ...] = (2, 3)
    """How often it repeats them, easiest first."""
    items: tuple[int, ...] = (2, 3)
    """Items among which one is recalled by the one before it, easiest first."""
    item_length: int = 1
    """Symbols of an item."""
    num_symbols: int = 8
    """Symbols that there are."""

    def build(self, name: str) -> Suite:
        """The suite."""
        tasks = shared_vocabulary(
            [
                Copy(lengths=self.lengths, num_symbols=self.num_symbols),
                RepeatCopy(lengths=self.repeat_lengths, repeats=self.repeats, num_symbols=self.num_symbols),
                AssociativeRecall(items=self.items, item_length=self.item_length, num_symbols=self.num_symbols),
            ],
            announce=True,
        )
        return Suite(tasks, name=name)


@dataclass(frozen=True)
class FormalSuite:
    """Formal languages up the Chomsky hierarchy in one vocabulary: regular, context-free, context-sensitive."""

    parities: tuple[int, ...] = (2, 4, 8)
    """Bits whose parity is asked for: regular."""
    operations: tuple[int, ...] = (2, 4)
    """Numbers in a flat sum, difference or product modulo five: regular."""
    actions: tuple[int, ...] = (1, 2, 4)
    """Actions on a stack of two: deterministic context-free."""
    reversals: tuple[int, ...] = (1, 2, 4)
    """Symbols to reverse: deterministic context-free."""
    copies: tuple[int, ...] = (1, 2, 4)
    """Symbols to copy: context-sensitive."""

    tested: tuple[float, ...] = ()
    """Lengths tested and never taught, as increasing multiples of the longest that is taught of each language; none:
    what each language is tested on by itself, one and two steps beyond on each axis and unseen kinds of sequences."""

    def build(self, name: str) -> Suite:
        """The suite.

        Raises:
            ValueError: ``tested`` does not come to lengths that increase beyond the taught ones.
        """
        languages: list[tuple[ExactTask, str]] = [
            (Parity(lengths=self.parities), "length"),
            (ModularArithmetic(lengths=self.operations, depths=(0,)), "length"),
            (StackManipulation(stacks=(2,), actions=self.actions), "actions"),
            (Reverse(lengths=self.reversals), "length"),
            (Copy(lengths=self.copies), "length"),
        ]
        return Suite(shared_vocabulary([self._tested(*language) for language in languages], announce=True), name=name)

    def _tested(self, task: ExactTask, axis: str) -> ExactTask:
        if not self.tested:
            return task
        hardest = {other.name: other.values[-1] for other in task.axes}
        longest = int(hardest[axis])
        if all(0 < factor <= 1000 for factor in self.tested):
            lengths = [round(longest * factor) for factor in self.tested]
            if all(low < high for low, high in pairwise([longest, *lengths])):
                return replace(task, out_of_range=[{**hardest, axis: length} for length in lengths])
        raise ValueError(
            f"tested must be multiples, of at most 1,000, of the longest taught {axis} that come to ever longer ones; "
            f"got {list(self.tested)} for {task.name}, whose longest is {longest}"
        )
