"""Language modelling of text that an n-gram model wrote."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from envs.batch import Batch, Floats, Ints
from envs.suite import Axis, Difficulty, Split
from envs.tasks.exact import increasing

_ALPHABET = "abcdefghijklmnopqrstuvwxyz.,_"
_DEFAULT_CHARACTERS = 250_000
_HIGHEST = 12  # codes of 13 characters out of 29 are the longest that fit into 64 bits; entropies need one more than n
_BITS = 31
_LOW = (1 << _BITS) - 1


class NGram:
    """Next-character prediction on sequences drawn from the order-n model of a text; axis: order.

    The order-n model draws the next character from those that follow the last n characters somewhere in the text, as
    often as they do; no smoothing. Order 0 draws characters independently, by their frequency. Every walk starts at a
    uniform place of the text, which is taken as circular, so no context is ever without a successor. Worked example,
    text ``abac``, order 1, length 4 (b and c are always followed by a, a by b or c)::

        tokens   a  c  a  b
        targets  c  a  b  a

    Text is written in 29 characters: letters in lower case, full stop, comma, and ``_`` for any run of others. Every
    position is scored, the first n too, which cannot see their whole context. The sequences of all splits are drawn
    from one model.

    Competence is linear in bits per character, with one map for all orders: 0 at ``start_bits``, 1 at ``goal_bits``. A
    student cannot get below the entropy of the model it learns, ``entropies``, so an order counts as mastered
    (``threshold``) at ``mastery`` times the competence at ``share`` of the way from ``start_bits`` to its entropy, and
    at most at ``mastery``. The rest of the way is for the first n characters of a walk, and for patience.

    Args:
        source: the text as ``str`` or ``bytes`` (latin-1), or the ``Path`` of a file. Default: the first 250,000
            characters of the language reference that comes with the running Python.
        orders: the taught orders n, easiest first.
        length: characters per sequence.
        beyond_orders: orders evaluated and never taught.
        start_bits: bits per character at competence 0. Default: a uniform guess.
        goal_bits: bits per character at competence 1.
        mastery: competence from which an arm counts as mastered, where its entropy allows it.
        share: in (0, 1], of the way to an order's entropy.
        name: the task's name.

    Attributes:
        entropies: bits per character of each order's model given all of its context: a dict by order.

    Reference: A. Graves et al., Automated Curriculum Learning for Neural Networks (2017), arXiv:1704.03003, section 5.1
    (Kneser-Ney models of orders 0 to 10).

    Raises:
        FileNotFoundError: the file is not there.
        ValueError: orders not increasing in [0, 12]; length below 1; fewer than two different characters; anchors,
            mastery or share out of range; an order whose entropy is not below ``start_bits``.
    """

    symbols = tuple(_ALPHABET)
    vocab_size = len(_ALPHABET)

    stream = True  # every position predicts the next

    def __init__(
        self,
        source: str | bytes | Path | None = None,
        orders: Sequence[int] = tuple(range(11)),
        length: int = 64,
        beyond_orders: Sequence[int] = (12,),
        start_bits: float = math.log2(len(_ALPHABET)),
        goal_bits: float = 2.0,
        mastery: float = 0.98,
        name: str = "ngram",
        share: float = 0.85,
    ):
        taught = increasing("orders", orders, 0)
        everything = sorted({*taught, *beyond_orders})
        if everything[0] < 0 or everything[-1] > _HIGHEST:
            raise ValueError(f"orders must be in [0, {_HIGHEST}]; got {everything}")
        if length < 1:
            raise ValueError(f"length must be at least 1; got {length}")
        if not math.inf > start_bits > goal_bits >= 0 or not 0 < mastery <= 1 or not 0 < share <= 1:
            raise ValueError(
                "start_bits must be finite and exceed goal_bits >= 0, mastery and share be in (0, 1]; "
                f"got start_bits={start_bits}, goal_bits={goal_bits}, mastery={mastery}, share={share}"
            )
        self.name, self.mastery, self.length = name, mastery, length
        self.start_bits, self.goal_bits, self.share = start_bits, goal_bits, share
        self.axes = (Axis("order", taught),)
        self.beyond: tuple[Difficulty, ...] = tuple({"order": order} for order in beyond_orders)
        text = _reduced(_standard_text() if source is None else source)
        if len(np.unique(text)) < 2:
            raise ValueError(
                f"an n-gram model needs a text of at least two different characters; got {len(text)} in all"
            )
        self._characters, self._models, self.entropies = _modelled(text, everything)
        if blind := [order for order in taught if self.entropies[order] >= start_bits]:
            raise ValueError(
                f"order {blind[0]} has {self.entropies[blind[0]]:.2f} bits per character: nothing of it can be learned "
                f"below start_bits={start_bits}; raise start_bits, or leave the order out"
            )
        described = json.dumps([taught, list(beyond_orders), length, start_bits, goal_bits, share])
        self.version = f"ngram-2 {hashlib.sha256(described.encode() + text.tobytes()).hexdigest()[:16]}"

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Walks: tokens and targets ``(B, length)``."""
        model = self._models[int(difficulty["order"])]
        steps = self.length + 1
        draws = rng.integers(0, 1 << _BITS, (steps, batch_size))
        ranks = np.empty((steps, batch_size), dtype=np.int64)
        ranks[0] = rng.integers(0, len(model), batch_size)
        for t in range(1, steps):
            context = model.take(ranks[t - 1])
            # A draw of 31 bits times a count, without the lowest 31 bits, is a uniform number below the count.
            np.add(context >> _BITS, (context & _LOW) * draws[t] >> _BITS, out=ranks[t])
        walk = self._characters[ranks].T  # (B, length + 1)
        return Batch(walk[:, :-1].copy(), walk[:, 1:].copy())

    def threshold(self, difficulty: Difficulty) -> float:
        """Competence from which an order counts as mastered."""
        learnable = (self.start_bits - self.entropies[int(difficulty["order"])]) / (self.start_bits - self.goal_bits)
        return self.mastery * min(1.0, self.share * learnable)

    def competence(self, loss: Floats, token_accuracy: Floats, sequence_accuracy: Floats) -> Floats:
        """Linear in bits per character between the two anchors, clipped to [0, 1]."""
        bits = loss / math.log(2)
        return np.clip((self.start_bits - bits) / (self.start_bits - self.goal_bits), 0.0, 1.0)


def _standard_text() -> str:
    from pydoc_data.topics import topics  # half a megabyte, loaded only by those who take the default

    return "\n".join(topics[key] for key in sorted(topics))[:_DEFAULT_CHARACTERS]


def _reduced(source: str | bytes | Path) -> Ints:
    """The text in the small alphabet: int64 ``(N,)``."""
    if isinstance(source, Path):
        try:
            raw = source.read_bytes()
        except OSError as error:
            raise type(error)(f"cannot read text file {source}: {error.strerror}") from error
    else:
        raw = source if isinstance(source, bytes) else source.encode("latin-1", errors="replace")
    other = len(_ALPHABET) - 1
    table = np.full(256, other)
    for token, character in enumerate(_ALPHABET[:-1]):
        table[[ord(character), ord(character.upper())]] = token
    text = table[np.frombuffer(raw, dtype=np.uint8)]
    kept = np.ones(len(text), dtype=bool)
    kept[1:] = (text[1:] != other) | (text[:-1] != other)
    return text[kept]


def _modelled(text: Ints, orders: Sequence[int]) -> tuple[Ints, dict[int, Ints], dict[int, float]]:
    """The character at each rank, the models, and their entropies in bits, by order.

    Places are ranked by the characters before them, the latest first, so the places of one context of any order are
    neighbours. A model is the context that the character at each rank leads to, ``(N,)``: its first rank, shifted, and
    how many places have it, in one number (one look-up per step of a walk).
    """
    size, base = len(text), len(_ALPHABET)
    code = np.zeros(size, dtype=np.uint64)
    for back in range(1, _HIGHEST + 2):
        code = code * np.uint64(base) + np.roll(text, back).astype(np.uint64)
    by_rank = code.argsort(kind="stable")
    rank = np.empty(size, dtype=np.int64)
    rank[by_rank] = np.arange(size)
    after = rank[(by_rank + 1) % size]  # the rank of the place that follows the one at each rank
    ranked = code[by_rank]
    models, spread = {}, {}
    for order in sorted({*orders, *(order + 1 for order in orders)}):
        prefix = ranked // np.uint64(base ** (_HIGHEST + 1 - order))
        starts = np.concatenate([[0], np.nonzero(np.diff(prefix))[0] + 1])
        counts = np.diff(starts, append=size)
        spread[order] = float((counts * np.log2(counts)).sum() / size)
        if order in orders:
            models[order] = np.repeat((starts << _BITS) + counts, counts)[after]
    # H(c | context) = E log2 #(context) - E log2 #(context, c), and a context with its next character is a context of
    # the next order.
    return text[by_rank], models, {order: spread[order] - spread[order + 1] for order in orders}
