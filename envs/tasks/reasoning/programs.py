"""Small programs to execute in the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from envs.batch import Batch, Ints
from envs.suite import Axis, Difficulty, Split
from envs.tasks.exact import ExactTask, increasing
from envs.tasks.sequence import PAD, Ragged, answered_ragged

OPERATORS = ("add", "subtract", "multiply", "choose", "assign", "loop")
_CHARACTERS = "0123456789abcdefghilnoprstx()+-*=<>: \n$"
_VARIABLES = "abcdefgh"
# A form wraps the expression so far, E, into a new one: what stands before E, what stands behind it, the expression
# that goes on. The last is empty where E itself goes on; where it is not, E has become part of a finished statement.
# In capitals: N, M, D are operands, C a digit from 2 to 9, V a variable that is new to the program.
_FORMS = (
    ("(", "+N)", ""),
    ("(N+", ")", ""),
    ("(", "-N)", ""),
    ("(N-", ")", ""),
    ("(", "*C)", ""),
    ("(C*", ")", ""),
    ("(", " if N>M else D)", ""),
    ("(D if N>M else ", ")", ""),
    ("V=", "\n", "(V+N)"),
    ("V=", "\n", "(V-N)"),
    ("V=", "\nfor x in range(C):V+=N\n", "V"),
    ("V=", "\nfor x in range(C):V-=N\n", "V"),
)
_FIRST_STATEMENT = 8


@dataclass(frozen=True)
class Programs(ExactTask):
    r"""A Python program of k nested operations on n-digit numbers, read character by character; write what it prints.

    It starts with a number; each operation, drawn from ``operators`` uniformly and in one of two forms, makes a new
    expression of the one so far, E::

        add       (E+N)            or (N+E)
        subtract  (E-N)            or (N-E)
        multiply  (E*C)            or (C*E)
        choose    (E if N>M else D)  or (D if N>M else E)
        assign    V=E, then (V+N)  or (V-N)
        loop      V=E, then for x in range(C):V+=N  or V-=N, then V

    N, M, D are fresh n-digit numbers (n = 1: 0 to 9), C is 2 to 9, V a letter from a to h that is new to the program.
    The answer is what ``exec`` would print, and an end marker ``$``. Worked example, length 1, nesting 2, a subtraction
    and an assignment (``\n`` is one token, the end of a line, which asks for the answer when the program is over)::

        tokens   a = 7 \n p r i n t ( ( 3 - ( a + 5 ) ) ) \n - 9
        targets  . . . .  . . . . . . . . . . . . . . . . -  9 $        ('.' is IGNORE)

    Evaluated and never taught: longer numbers, deeper nesting.

    Attributes:
        lengths: the taught numbers of digits n, easiest first.
        nestings: the taught numbers of operations k, easiest first.
        operators: which of ``OPERATORS`` occur.
        name: the task's name.

    Reference: W. Zaremba and I. Sutskever, Learning to Execute (2014), arXiv:1410.4615, section 3 (their operations
    also combine two nested expressions, and their constants grow with n).

    Raises:
        ValueError: lengths or nestings not increasing from 1 on; operators empty, unknown or repeated; programs so deep
            that variables run out or so large that results leave 64 bits.
    """

    lengths: Sequence[int] = (1, 2, 3)
    nestings: Sequence[int] = (1, 2, 3)
    operators: Sequence[str] = OPERATORS
    name: str = "programs"

    def __post_init__(self) -> None:
        super().__post_init__()
        increasing("lengths", self.lengths, 1)
        increasing("nestings", self.nestings, 1)
        known = set(self.operators) <= set(OPERATORS) and len(set(self.operators)) == len(self.operators)
        if not self.operators or not known:
            raise ValueError(f"operators must be some of {', '.join(OPERATORS)}, each once; got {list(self.operators)}")
        hardest = {"length": self.lengths[-1], "nesting": self.nestings[-1]}
        for difficulty in (hardest, *self.beyond):
            length, nesting = int(difficulty["length"]), int(difficulty["nesting"])
            # |E| < 10^n at first; a step at most multiplies it by 9 or adds 9 numbers below 10^n: 10^(n + k) bounds it.
            if nesting > len(_VARIABLES) or length + nesting > 18:
                raise ValueError(
                    f"nesting must be at most {len(_VARIABLES)} and length + nesting at most 18; got length={length}, "
                    f"nesting={nesting}: shorten lengths, nestings or out_of_range"
                )

    @property
    def symbols(self) -> tuple[str, ...]:
        r"""Digits, letters, signs, space, end of line as ``\n`` in two characters, end marker."""
        return tuple("\\n" if character == "\n" else character for character in _CHARACTERS)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Length of the numbers; nesting."""
        return (Axis("length", tuple(self.lengths)), Axis("nesting", tuple(self.nestings)))

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` programs: tokens and targets ``(B, T)``, T as the longest needs."""
        length, nesting = int(difficulty["length"]), int(difficulty["nesting"])
        shape = batch_size, nesting + 1  # one step more than nesting: its N is the first E
        allowed = np.array([2 * OPERATORS.index(operator) for operator in self.operators])
        forms = allowed[rng.integers(0, len(allowed), (batch_size, nesting))]
        forms += rng.integers(0, 2, forms.shape)
        digits = rng.integers(0, 10, (*shape, 3, length))
        if length > 1:
            digits[..., 0] = rng.integers(1, 10, (*shape, 3))
        constants = rng.integers(2, 10, (*shape, 1))
        letters = rng.permuted(np.broadcast_to(np.arange(len(_VARIABLES)), (batch_size, len(_VARIABLES))), axis=1)
        variables = letters[:, np.arange(nesting + 1) % len(_VARIABLES), None] + _CHARACTERS.index("a")
        slots = np.concatenate([digits.reshape(*shape, -1), constants, variables], axis=2)  # (B, k + 1, 3n + 2)
        result = _executed(forms, digits @ 10 ** np.arange(length - 1, -1, -1), constants[:, :, 0])
        return answered_ragged(_written(forms, slots), _printed(result))


def _executed(forms: Ints, operands: Ints, constants: Ints) -> Ints:
    """What the programs print: int64 ``(B,)``."""
    value = operands[:, -1, 0]
    for step in range(forms.shape[1]):
        n, m, d = operands[:, step].T
        c = constants[:, step]
        times, other = value * c, np.where(n > m, value, d)
        results = [value + n, value + n, value - n, n - value, times, times, other, np.where(n > m, d, value)]
        results += [value + n, value - n, value + c * n, value - c * n]
        value = np.choose(forms[:, step], results)
    return value


def _written(forms: Ints, slots: Ints) -> Ragged:
    """The text of the programs.

    A program is a row of pieces, three per step (before E, behind E, the new E) and three that all programs have (the
    first E, and the two halves of the ``print``). ``_places`` says where each belongs.

    Args:
        forms: the form of each step, ``(B, k)``.
        slots: what the placeholders of each step stand for, and last those of the first E, ``(B, k + 1, 3n + 2)``.
    """
    batch_size, nesting = forms.shape
    codes, starts, sizes = _templates((slots.shape[2] - 2) // 3)
    order = _places(forms).argsort(axis=1)
    row = np.arange(batch_size)[:, None]
    common = np.broadcast_to(np.arange(3) + 3 * len(_FORMS), (batch_size, 3))
    piece = np.concatenate([(3 * forms[:, :, None] + np.arange(3)).reshape(batch_size, -1), common], axis=1)[row, order]
    size = sizes[piece]  # (B, P)
    lengths = size.sum(axis=1)
    # From here on all characters of all programs lie end to end.
    ends, many = size.cumsum(), size.ravel()
    shift = starts[piece].ravel() - (ends - many)
    text = codes[np.arange(ends[-1]) + np.repeat(shift, many)]
    values_of = (row * (nesting + 1) + order // 3) * slots.shape[2]  # where the placeholders of each piece lie in slots
    place = np.nonzero(text >= len(_CHARACTERS))[0]
    text[place] = slots.ravel()[np.repeat(values_of.ravel(), many)[place] + text[place] - len(_CHARACTERS)]
    tokens = np.full((batch_size, int(lengths.max())), PAD)
    tokens[np.arange(tokens.shape[1]) < lengths[:, None]] = text
    return Ragged(tokens, lengths)


def _places(forms: Ints) -> Ints:
    """Numbers in the order of which the pieces of a program stand: ``(B, 3k + 3)``.

    Within a statement: its head; what was put before E, the newest first; E; what was put behind E, the newest last;
    its end. Statements come one after the other; the last is the ``print``.
    """
    batch_size, nesting = forms.shape
    step = np.arange(nesting)
    closes = forms >= _FIRST_STATEMENT
    statement = closes.cumsum(axis=1)
    span = 2 * nesting + 4
    start = (statement - closes) * span  # (B, k) of the statement that a step works on
    places = np.empty((batch_size, nesting, 3), dtype=np.int64)
    places[:, :, 0] = np.where(closes, start, start + nesting - step)
    places[:, :, 1] = start + np.where(closes, span - 1, nesting + 2 + step)
    places[:, :, 2] = statement * span + nesting + 1
    last = statement[:, -1:] * span
    ends = np.concatenate([np.full_like(last, nesting + 1), last, last + span - 1], axis=1)
    return np.concatenate([places.reshape(batch_size, -1), ends], axis=1)


@lru_cache(maxsize=64)
def _templates(length: int) -> tuple[Ints, Ints, Ints]:
    """All pieces end to end, then where each begins and its length: those of the forms, then those all programs have.

    From ``len(_CHARACTERS)`` on, a number stands for a placeholder: the digits of N, M and D, then C, then V.
    """
    base = len(_CHARACTERS)
    slots = {name: [base + length * i + j for j in range(length)] for i, name in enumerate("NMD")}
    slots |= {"C": [base + 3 * length], "V": [base + 3 * length + 1]}
    pieces = [piece for form in (*_FORMS, ("N", "print(", ")\n")) for piece in form]
    coded = [[code for c in piece for code in slots.get(c) or [_CHARACTERS.index(c)]] for piece in pieces]
    sizes = np.array([len(piece) for piece in coded])
    return np.array([code for piece in coded for code in piece]), sizes.cumsum() - sizes, sizes


def _printed(values: Ints) -> Ragged:
    """Numbers as text, with an end marker."""
    size = np.abs(values)
    powers = 10 ** np.arange(19)
    num_digits = np.maximum(1, (size[:, None] >= powers).sum(axis=1))
    negative = values < 0
    lengths = num_digits + negative
    place = np.arange(int(lengths.max()) + 1)
    power = np.clip(lengths[:, None] - 1 - place, 0, 18)
    tokens = size[:, None] // powers[power] % 10
    tokens[negative, 0] = _CHARACTERS.index("-")
    tokens[place == lengths[:, None]] = _CHARACTERS.index("$")
    return Ragged(tokens, lengths + 1)
