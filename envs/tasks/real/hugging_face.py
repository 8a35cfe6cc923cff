"""Any data set of the Hugging Face hub or disk, as a stream of text or as questions with answers."""

from __future__ import annotations

import hashlib
import json
import math
import numbers
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from envs.batch import Batch, Floats, Ints
from envs.suite import Axis, Difficulty, Split, Value
from envs.tasks.real.text import BYTES
from envs.tasks.real.tokenise import ANSWER_SYMBOLS, Rows, encoded_answers, encoded_texts

Columns = str | Sequence[str]
Measure = str | Callable[[Mapping[str, Any]], float]

_MOST_LEVELS = 50


class HuggingFaceTask:
    """Rows of a ``datasets.Dataset`` as byte tokens; one axis: the level of difficulty.

    Either a stream of text, every byte but a row's first scored, or a question and its answer, the answer and the end
    scored, judged by exact match. Worked example, question ``2+2``, answer ``4``::

        tokens    2    +    2   SEP   4
        targets   .    .    .    4   END        ('.' is IGNORE)

    Vocabulary: the 256 bytes of UTF-8; with answers, 256 is the separator and 257 the end.

    A row's difficulty is a number: a column, or a function of the row. ``levels`` bins it into quantiles, numbered from
    0, easiest (lowest) first; without ``levels`` each distinct number is a level of its own.

    TRAIN, PROBE and TEST hold disjoint rows. Rows of equal text or question are duplicates, in any level: the first is
    kept. The rows of a level are ordered by content hash; the first tenth is TEST, the next PROBE, the others TRAIN.
    All rows are encoded once, at construction; sampling is indexing.

    Args:
        source: a ``datasets.Dataset``, or what ``datasets.load_dataset`` takes: a name on the hub, or a local path.
        text: the column of the text, or several, joined by line ends.
        question: the column or columns of the question.
        answer: the column of the answer. Give either text, or question and answer. Columns hold text or whole numbers.
        difficulty: a column of numbers, or a function from a row (a mapping) to a number, such as
            ``lambda row: int(row["level"][-1])``; None: the row's bytes.
        levels: number of quantile bins; None: a level per distinct number.
        beyond_levels: so many of the hardest levels are evaluated and never taught.
        max_length: tokens of the longest row. A longer text is cut there, what is left being text still; a longer
            question with its answer is refused, for half an answer is another answer.
        subset: the data set's configuration, where ``source`` is a name.
        part: the data set's own split to read; ours are made from it.
        start_bits: bits per byte at competence 0; read for text alone.
        goal_bits: bits per byte at competence 1; read for text alone.
        mastery: competence from which a level counts as mastered.
        name: the task's name.

    Raises:
        ImportError: ``source`` is a name or a path, and datasets is not installed.
        TypeError: a column that is neither text nor whole numbers, or a source that is not a data set.
        ValueError: a column that is not there, neither text nor question and answer or both, a difficulty that is not
            a finite number, fewer than 3 rows in a level, an empty text or answer, a row too long, parameters out of
            range.
    """

    def __init__(
        self,
        source: Any,
        text: Columns | None = None,
        question: Columns | None = None,
        answer: str | None = None,
        difficulty: Measure | None = None,
        levels: int | None = None,
        beyond_levels: int = 0,
        max_length: int = 256,
        subset: str | None = None,
        part: str = "train",
        start_bits: float = 8.0,
        goal_bits: float = 2.0,
        mastery: float = 0.98,
        name: str = "hugging-face",
    ):
        columns = question if text is None else text
        if columns is None or (text is not None and question is not None) or (question is None) != (answer is None):
            raise ValueError(f"give either text, or question and answer; got {text=}, {question=}, {answer=}")
        if not math.inf > start_bits > goal_bits >= 0 or not 0 < mastery <= 1:
            raise ValueError(
                "start_bits must be finite and exceed goal_bits >= 0, and mastery be in (0, 1]; "
                f"got start_bits={start_bits}, goal_bits={goal_bits}, mastery={mastery}"
            )
        if max_length < 3 or beyond_levels < 0 or (levels is not None and levels < 1):
            raise ValueError(
                "max_length must be at least 3, levels at least 1 and beyond_levels at least 0; "
                f"got {max_length=}, {levels=}, {beyond_levels=}"
            )
        self.name, self.mastery = name, mastery
        self.start_bits, self.goal_bits = start_bits, goal_bits
        self.symbols = BYTES if answer is None else ANSWER_SYMBOLS
        self.vocab_size = len(self.symbols)
        self._exact = answer is not None
        data = _loaded(source, subset, part)
        shown = _texts(data, columns)
        answers = _texts(data, answer) if answer is not None else [b""] * len(shown)
        sizes = np.array([len(text) + len(more) for text, more in zip(shown, answers, strict=True)], dtype=np.float64)
        sizes += 0 if answer is None else 2  # the separator and the end
        if answer is None:  # cut before duplicates are looked for: what is alike to a student must be in one split
            shown = [text[:max_length] for text in shown]
        kept = _distinct(shown)
        if answer is not None:
            self._rows = encoded_answers(_fitting([(shown[i], answers[i]) for i in kept], kept, max_length))
        else:
            self._rows = encoded_texts(_cut([shown[i] for i in kept], kept, max_length))
        of_level = _levels((sizes if difficulty is None else _measured(data, difficulty))[kept], levels)
        keys = [hashlib.sha256(shown[i] + b"\0" + answers[i]).hexdigest() for i in kept]
        self._of = {value: _split(value, rows, keys) for value, rows in of_level.items()}
        values = tuple(of_level)
        if beyond_levels >= len(values):
            raise ValueError(f"beyond_levels must leave a level to teach; got {beyond_levels} of {len(values)}")
        taught = len(values) - beyond_levels
        self.axes = (Axis("level", values[:taught]),)
        self.beyond: tuple[Difficulty, ...] = tuple({"level": value} for value in values[taught:])
        settings = [max_length, beyond_levels, start_bits, goal_bits, self._exact]
        described = json.dumps([settings, [[value, [keys[i] for i in rows]] for value, rows in of_level.items()]])
        self.version = f"hugging-face-1 {hashlib.sha256(described.encode()).hexdigest()[:16]}"

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws rows of a level, uniformly: tokens and targets ``(B, T)``, T of the longest drawn."""
        rows = self._of[difficulty["level"]][split]
        return self._rows.batch(rows[rng.integers(0, len(rows), batch_size)])

    def competence(self, loss: Floats, token_accuracy: Floats, sequence_accuracy: Floats) -> Floats:
        """Exact match of answers; for text, linear in bits per byte between the two anchors, clipped to [0, 1]."""
        if self._exact:
            return sequence_accuracy
        bits = loss / math.log(2)
        return np.clip((self.start_bits - bits) / (self.start_bits - self.goal_bits), 0.0, 1.0)

    def contents(self, level: Value, split: Split) -> list[bytes]:
        """The rows of a level and split as bytes: the texts, or the questions."""
        rows: Rows = self._rows
        ends = rows.asked - 1 if self._exact else rows.lengths
        return [rows.tokens[i, : ends[i]].astype(np.uint8).tobytes() for i in self._of[level][split]]


def _loaded(source: Any, subset: str | None, part: str) -> Any:
    if isinstance(source, str | Path):
        try:
            import datasets
        except ImportError as error:
            raise ImportError(
                "datasets is needed to load a data set by name or path: pip install 'paceline[hf]'"
            ) from error
        if (Path(source) / "state.json").is_file():  # written by save_to_disk
            return datasets.load_from_disk(str(source))
        if Path(source).is_file():
            kind = {".jsonl": "json", ".txt": "text", ".pq": "parquet"}.get(
                Path(source).suffix, Path(source).suffix[1:]
            )
            return datasets.load_dataset(kind, data_files=str(source), split=part)
        if Path(source).suffix in (".jsonl", ".json", ".csv", ".parquet", ".pq", ".txt"):  # no name on the hub
            raise FileNotFoundError(f"expected a file of rows; there is no file {source}")
        return datasets.load_dataset(str(source), subset, split=part)
    if not hasattr(source, "column_names") or isinstance(source, Mapping):
        raise TypeError(
            f"source must be a datasets.Dataset, a name or a path; got {type(source).__name__}"
            + (f": choose one of its parts, {', '.join(map(str, source))}" if isinstance(source, Mapping) else "")
        )
    return source


def _column(data: Any, column: str) -> Iterable[Any]:
    if column not in data.column_names:
        raise ValueError(f"the data set has no column {column!r}; there are: {', '.join(data.column_names)}")
    values: Iterable[Any] = data[column]
    return values


def _texts(data: Any, columns: Columns) -> list[bytes]:
    """UTF-8 of the columns, joined by line ends, of every row."""
    parts = []
    for column in (columns,) if isinstance(columns, str) else tuple(columns):
        values = list(_column(data, column))
        for row, value in enumerate(values):
            if not isinstance(value, str | int):
                raise TypeError(
                    f"column {column!r} must hold text or whole numbers; got {type(value).__name__} in row {row}: "
                    "make a column of text with data.map"
                )
        parts.append([str(value) for value in values])
    return ["\n".join(row).encode() for row in zip(*parts, strict=True)]


def _distinct(texts: Sequence[bytes]) -> Ints:
    """The first row of each text."""
    first: dict[bytes, int] = {}
    for row, text in enumerate(texts):
        first.setdefault(text, row)
    return np.array(list(first.values()), dtype=np.int64)


def _cut(texts: Sequence[bytes], rows: Ints, longest: int) -> list[bytes]:
    if short := [int(row) for row, text in zip(rows, texts, strict=True) if len(text) < 2]:
        raise ValueError(f"a text needs at least 2 bytes; row {short[0]} has fewer: filter the data set")
    return [text[:longest] for text in texts]


def _fitting(pairs: Sequence[tuple[bytes, bytes]], rows: Ints, longest: int) -> Sequence[tuple[bytes, bytes]]:
    if empty := [int(row) for row, (_, answer) in zip(rows, pairs, strict=True) if not answer]:
        raise ValueError(f"an answer must not be empty; row {empty[0]} has none: filter the data set")
    sizes = [len(question) + len(answer) + 2 for question, answer in pairs]
    if over := sum(size > longest for size in sizes):
        raise ValueError(
            f"{over} of {len(sizes)} questions with answers are longer than max_length {longest}, the longest has "
            f"{max(sizes)} tokens: raise max_length or filter the data set"
        )
    return pairs


def _measured(data: Any, difficulty: Measure) -> Floats:
    """The difficulty of every row, ``(N,)``."""
    told = _column(data, difficulty) if isinstance(difficulty, str) else map(difficulty, data)
    found = list(told)
    for row, value in enumerate(found):
        if not isinstance(value, numbers.Real) or not math.isfinite(value):
            raise ValueError(
                f"the difficulty of a row must be a finite number; got {value!r} in row {row}: give a function from "
                "the row to a number"
            )
    return np.array(found, dtype=np.float64)


def _levels(measured: Floats, levels: int | None) -> dict[Value, Ints]:
    """The rows of each level, easiest first."""
    if levels is None:
        values = np.unique(measured)
        if len(values) > _MOST_LEVELS:
            raise ValueError(
                f"the difficulty takes {len(values)} distinct values, more than {_MOST_LEVELS}: give levels, the "
                "number of bins"
            )
        return {int(v) if v == int(v) else float(v): np.flatnonzero(measured == v) for v in values}
    edges = np.quantile(measured, np.arange(1, levels) / levels)
    level = np.searchsorted(edges, measured, side="left")
    return {number: np.flatnonzero(level == number) for number in range(levels)}


def _split(level: Value, rows: Ints, keys: Sequence[str]) -> dict[Split, Ints]:
    if len(rows) < 3:
        raise ValueError(
            f"level {level} has {len(rows)} distinct rows, needs at least 3 (one per split): give fewer levels or more "
            "rows"
        )
    ordered = np.array(sorted(rows.tolist(), key=lambda row: keys[row]))
    tenth = max(1, len(ordered) // 10)
    return {
        Split.TEST: ordered[:tenth],
        Split.PROBE: ordered[tenth : 2 * tenth],
        Split.TRAIN: ordered[2 * tenth :],
    }
