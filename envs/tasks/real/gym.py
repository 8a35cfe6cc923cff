"""Questions of reasoning-gym's generators, with its curricula as difficulty axes."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import importlib.metadata
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from envs.batch import Batch, Floats, Ints
from envs.suite import Axis, Difficulty, Split, Value
from envs.tasks.real.tokenise import ANSWER_SYMBOLS, Rows, encoded_answers


class _Pool(NamedTuple):
    """The distinct questions of one difficulty, and which of them belong to each split."""

    rows: Rows
    of: dict[Split, Ints]


class ReasoningGymTask:
    """Questions and answers of one generator of reasoning-gym as bytes; axes: attributes of its curriculum.

    Question, separator, answer, end; the answer and the end are scored, judged by exact match with the reference
    answer (so choose generators whose questions have one answer). Worked example, ``chain_sum`` with two terms of one
    digit and ``question="expression"``::

        tokens    4  ' '   -  ' '   9  SEP   -    5
        targets   .   .    .   .    .   -    5   END        ('.' is IGNORE)

    Vocabulary: the 256 bytes of UTF-8, 256 the separator, 257 the end.

    An attribute of a curriculum is a list of levels, easiest first; a difficulty picks one level of each. Where a level
    bounds a range, both bounds are set to it, or where the generator needs an interval, to it and the next, so that
    everything drawn at a difficulty has that difficulty. Attributes that are no axis stay at their default level.

    The generators are plain Python and slow (0.01 to 1 ms an item), so the first batch of a difficulty generates a
    pool of ``pool_size`` items, from a seed made of generator, difficulty and settings alone, and keeps it; sampling is
    indexing into it. What a student can see of a difficulty in training is therefore its pool. A question asked twice
    is kept once, and belongs to TRAIN (80 %), PROBE or TEST (10 % each) by its hash alone, so that no question is in
    two splits, not even at two difficulties.

    Not every generator fits: those without one reference answer are refused, many need a larger ``max_length``, and
    some refuse a level when its pool is first made. A few draw from Python's sets, so that their pool depends on
    ``PYTHONHASHSEED``: set it for these (``isomorphic_strings``, ``polynomial_multiplication``, ``ransom_note``
    among them); a resume that finds another pool is refused by the suite's fingerprint.

    Args:
        generator: its name in reasoning-gym, such as ``chain_sum``.
        axes: names of attributes; or a mapping from attributes, or fields of the generator's configuration, to their
            values, easiest first; None: all attributes of the curriculum.
        num_levels: of an attribute named without values, its first so many levels are taught.
        num_beyond: levels further on each attribute that are evaluated and never taught, the others at their hardest.
        settings: fixed values of other fields of the configuration.
        question: entry of an item's metadata to ask instead of the whole question, which often carries a long
            instruction; None: the whole question.
        pool_size: items generated per difficulty.
        max_length: tokens of the longest question with its answer; a longer one is refused when its pool is made.
        mastery: exact-match accuracy from which an arm counts as mastered.
        name: the task's name; None: the generator's.

    Reference: Z. Stojanovski et al., Reasoning Gym: Reasoning Environments for Reinforcement Learning with Verifiable
    Rewards (2025), arXiv:2505.24760.

    Raises:
        ImportError: reasoning-gym is not installed.
        ValueError: an unknown generator, attribute, level or field; no axis; parameters out of range. When a pool is
            made: a configuration that the generator refuses, a question without a reference answer, too long, or too
            few distinct questions.
    """

    vocab_size = len(ANSWER_SYMBOLS)
    symbols = ANSWER_SYMBOLS

    def __init__(
        self,
        generator: str,
        axes: Sequence[str] | Mapping[str, Sequence[Value]] | None = None,
        num_levels: int = 4,
        num_beyond: int = 1,
        settings: Mapping[str, Any] | None = None,
        question: str | None = None,
        pool_size: int = 4096,
        max_length: int = 256,
        mastery: float = 0.98,
        name: str | None = None,
    ):
        if num_levels < 1 or num_beyond < 0 or pool_size < 3 or max_length < 4 or not 0 < mastery <= 1:
            raise ValueError(
                "num_levels must be at least 1, num_beyond 0, pool_size 3, max_length 4, and mastery in (0, 1]; "
                f"got {num_levels=}, {num_beyond=}, {pool_size=}, {max_length=}, {mastery=}"
            )
        factory = _factory()
        if generator not in factory.DATASETS:
            raise ValueError(f"reasoning-gym has no generator {generator!r}; {_near(generator, factory.DATASETS)}")
        self.generator, self.name, self.mastery = generator, name or generator, mastery
        self._question, self._pool_size, self._max_length = question, pool_size, max_length
        self._settings = dict(settings or {})
        fields = {field.name for field in dataclasses.fields(factory.DATASETS[generator][1])} - {"seed", "size"}
        if unknown := [field for field in self._settings if field not in fields]:
            raise ValueError(f"{generator} has no setting {unknown[0]!r}; {_near(unknown[0], fields)}")
        attributes = _attributes(generator)
        wanted = tuple(attributes) if axes is None else tuple(axes)
        if not wanted:
            raise ValueError(
                f"{generator} has no curriculum: give axes as a mapping from fields to values; its fields are: "
                f"{', '.join(sorted(fields)) or 'none'}"
            )
        made, beyond = [], []
        for axis in wanted:
            given = tuple(axes[axis]) if isinstance(axes, Mapping) else None
            if axis in attributes:
                taught, after = _levels(generator, axis, attributes[axis], given, num_levels)
            elif axis in fields and given:
                taught, after = given, ()
            elif axis in fields:
                raise ValueError(f"{axis!r} is a field of {generator} without levels: give its values, easiest first")
            else:
                raise ValueError(f"{generator} has no attribute {axis!r}; {_near(axis, {*attributes, *fields})}")
            made.append(Axis(axis, taught))
            beyond += [(axis, value) for value in after[:num_beyond]]
        self.axes = tuple(made)
        hardest = {axis.name: axis.values[-1] for axis in self.axes}
        self.beyond: tuple[Difficulty, ...] = tuple({**hardest, axis: value} for axis, value in beyond)
        self._levels = {axis: attributes[axis] for axis in wanted if axis in attributes}
        own = [generator, self._settings, question, pool_size, importlib.metadata.version("reasoning-gym")]
        self.version = f"reasoning-gym-1 {json.dumps(own, sort_keys=True, default=repr)}"
        self._pools: dict[tuple[Value, ...], _Pool] = {}

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws questions from the difficulty's pool, uniformly: tokens and targets ``(B, T)``, T of the longest."""
        pool = self._pool(difficulty)
        rows = pool.of[split]
        return pool.rows.batch(rows[rng.integers(0, len(rows), batch_size)])

    def competence(self, loss: Floats, token_accuracy: Floats, sequence_accuracy: Floats) -> Floats:
        """Exact match: an answer is right or wrong."""
        return sequence_accuracy

    def configuration(self, difficulty: Difficulty) -> Any:
        """The generator's configuration at a difficulty, seed and size of the pool included.

        Raises:
            ValueError: the generator refuses it.
        """
        factory = _factory()
        from reasoning_gym.coaching.base_curriculum import DefaultCurriculumContext, RangeAttributeMode

        described = json.dumps([self.generator, difficulty, self._settings], sort_keys=True, default=repr)
        fixed: dict[str, Any] = {"seed": int(hashlib.sha256(described.encode()).hexdigest()[:7], 16)}
        fixed |= {"size": self._pool_size} | self._settings
        fixed |= {axis: value for axis, value in difficulty.items() if axis not in self._levels}
        if factory.has_curriculum(self.generator):
            curriculum = factory.create_curriculum(self.generator)
            for axis, values in self._levels.items():
                curriculum.set_attr_level(axis, values.index(difficulty[axis]))
            exact = DefaultCurriculumContext(mode=RangeAttributeMode.UPPER_BOUND)
            config = dataclasses.replace(curriculum.generate_configuration(context=exact), **fixed)
        else:
            config = factory.DATASETS[self.generator][1](**fixed)
        try:
            if hasattr(config, "validate"):
                config.validate()
        except AssertionError as error:
            raise ValueError(f"{self.generator} refuses {dict(difficulty)}: {error}") from error
        return config

    def _pool(self, difficulty: Difficulty) -> _Pool:
        key = tuple(difficulty[axis.name] for axis in self.axes)
        if key not in self._pools:
            self._pools[key] = self._made(difficulty)
        return self._pools[key]

    def _made(self, difficulty: Difficulty) -> _Pool:
        config = self.configuration(difficulty)
        answers: dict[bytes, bytes] = {}
        with _own_stream(config.seed):
            data = _factory().DATASETS[self.generator][0](config=config)
            for number in range(self._pool_size):
                question, answer = self._pair(self._item(data, number, difficulty))
                answers.setdefault(question, answer)
        longest = max(len(question) + len(answer) + 2 for question, answer in answers.items())
        if longest > self._max_length:
            raise ValueError(
                f"{self.generator} at {dict(difficulty)} has a question with answer of {longest} tokens, more than "
                f"max_length {self._max_length}: raise it, leave the level out, or ask an entry of the metadata"
            )
        draw = np.array([hashlib.sha256(question).digest()[0] for question in answers])  # 0 to 255, evenly
        of = {
            Split.TRAIN: np.flatnonzero(draw >= 52),
            Split.PROBE: np.flatnonzero((draw >= 26) & (draw < 52)),
            Split.TEST: np.flatnonzero(draw < 26),
        }
        if empty := [split.name for split, rows in of.items() if not len(rows)]:
            raise ValueError(
                f"{self.generator} at {dict(difficulty)} gave {len(answers)} distinct questions, none of them for "
                f"{empty[0]}: raise pool_size, or leave the level out"
            )
        return _Pool(encoded_answers(list(answers.items())), of)

    def _item(self, data: Any, number: int, difficulty: Difficulty) -> Mapping[str, Any]:
        try:
            item: Mapping[str, Any] = data[number]
        except Exception as error:  # generators raise anything where a level asks for what they do not have
            raise ValueError(
                f"{self.generator} cannot make a question at {dict(difficulty)} ({error}): leave the level out (fewer "
                "levels, or other axes)"
            ) from error
        return item

    def _pair(self, item: Mapping[str, Any]) -> tuple[bytes, bytes]:
        if not isinstance(item["answer"], str) or not item["answer"]:
            raise ValueError(
                f"{self.generator} gives no reference answer (got {item['answer']!r}), it scores answers by a "
                "function: choose a generator whose questions have one"
            )
        if self._question is None:
            return item["question"].encode(), item["answer"].encode()
        if self._question not in item["metadata"]:
            raise ValueError(
                f"an item of {self.generator} has no metadata {self._question!r}; there are: "
                f"{', '.join(item['metadata'])}"
            )
        return str(item["metadata"][self._question]).encode(), item["answer"].encode()


def _factory() -> Any:
    try:
        from reasoning_gym import factory
    except ImportError as error:
        raise ImportError("reasoning-gym is not installed: pip install 'paceline[reasoning]'") from error
    return factory


def _near(name: str, names: Iterable[str]) -> str:
    known = sorted(names)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {', '.join(close)}?" if close else f"there are: {', '.join(known)}"


def _attributes(generator: str) -> dict[str, tuple[Value, ...]]:
    """The values of each attribute of a curriculum: its levels where they are distinct scalars, else their numbers."""
    if not _factory().has_curriculum(generator):
        return {}
    found: dict[str, tuple[Value, ...]] = {}
    for attribute in _factory().create_curriculum(generator).attributes.values():
        levels = attribute.levels
        if getattr(attribute, "ensure_interval", False):
            levels = levels[:-1] or levels  # an interval goes to the next level, and after the last there is none
        plain = all(isinstance(level, int | float | str) and not isinstance(level, bool) for level in levels)
        distinct = plain and len(set(levels)) == len(levels)
        found[attribute.name] = tuple(levels) if distinct else tuple(range(len(levels)))
    return found


def _levels(
    generator: str, axis: str, levels: tuple[Value, ...], given: tuple[Value, ...] | None, num_levels: int
) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    """The taught levels of an attribute, and those after the hardest of them."""
    taught = levels[:num_levels] if given is None else given
    places = [levels.index(value) for value in taught if value in levels]
    if not taught or len(places) < len(taught) or places != sorted(set(places)):
        raise ValueError(
            f"levels of {axis!r} of {generator} must be among {list(levels)}, in order; got {list(taught)}"
        )
    return taught, levels[places[-1] + 1 :]


@contextmanager
def _own_stream(seed: int) -> Iterator[None]:
    """Some generators draw from the global streams: they get one of their own, and ours are put back."""
    kept, kept_numpy = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(kept)
        np.random.set_state(kept_numpy)  # noqa: NPY002
