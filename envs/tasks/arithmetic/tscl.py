"""Addition in the format of Teacher-Student Curriculum Learning, for replications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from envs.batch import IGNORE, Batch, Ints
from envs.suite import Axis, Difficulty, Split
from envs.tasks.exact import ExactTask, increasing

_BLANK, _PLUS, _ZERO = 0, 1, 2
_MOST_DIGITS = 18  # the sum of two such numbers still fits into an int64
_POWERS = 10 ** np.arange(_MOST_DIGITS + 1)


@dataclass(frozen=True)
class TSCLAddition(ExactTask):
    """The sum of two numbers in the authors' format: reversed question, blanks, and no teacher forcing.

    The question "a+b" is padded on the right with blanks to 2D + 1 characters (D is ``max_digits``) and then reversed.
    The answer has D + 1 characters, most significant first, padded on the right with blanks *that are scored*. It is
    asked for at D + 1 blank inputs: the target at a position is the answer's character there, not the next input.
    Worked example, D = 2, 7 + 85 = 92 (``_`` is the blank; the 7 was drawn as the two digits 07)::

        tokens   _  5  8  +  7  _  _  _
        targets  .  .  .  .  .  9  2  _        ('.' is IGNORE)

    The 12 characters are numbered as the authors sort them: blank 0, '+' 1, digits 2 to 11.

    What the authors' code does, and so does this class:

    - 1-D (one axis, ``digits``): both operands are drawn as n digits uniform over 0-9, and leading zeros are dropped. A
      "two-digit" operand has one digit in a tenth of the draws.
    - 2-D (axes ``first`` x ``second``): operands are uniform from 10^(n-1) to 10^n - 2. There are no leading zeros; the
      largest number of a length never occurs (their ``randrange`` leaves it out), and nor does 0.
    - Blanks are scored: a short answer is mostly blanks, so token accuracy starts high. Judge by whole answers.

    What differs: their decoder is fed the encoder's last state at each step, here a model is fed blanks; and their
    teacher draws a mixture over lengths inside each batch, here the suite does that.

    Attributes:
        dims: 1 (both operands of one length: D tasks) or 2 (each of its own: D x D tasks).
        max_digits: D; the paper's experiments have 9, and 9 or 81 tasks.
        digits: the taught numbers of digits, of each operand; None: 1 to D.
        name: the task's name.
        mastery: 0.99 exact match, where the authors stop (on all lengths mixed).

    Reference: T. Matiisen et al., Teacher-Student Curriculum Learning (2017), arXiv:1707.00183, section 4.1, and their
    code (github.com/tambetm/TSCL, addition/addition_rnn_model.py and addition_rnn_model_2d.py).

    Raises:
        ValueError: dims not 1 or 2; max_digits outside [1, 18]; digits not increasing from 1 on, or above max_digits.
    """

    dims: int = 1
    max_digits: int = 9
    digits: Sequence[int] | None = None
    name: str = "tscl_addition"
    mastery: float = field(default=0.99, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dims not in (1, 2):
            raise ValueError(f"dims must be 1 (one length for both operands) or 2 (each its own); got {self.dims}")
        if not 1 <= self.max_digits <= _MOST_DIGITS:
            raise ValueError(f"max_digits must be in [1, {_MOST_DIGITS}]; got {self.max_digits}")
        increasing("digits", self.taught, 1)
        longest = max([*self.taught, *(int(n) for d in self.out_of_range or () for n in d.values())])
        if longest > self.max_digits:
            raise ValueError(
                f"numbers must have at most max_digits = {self.max_digits} digits, which fixes the length of every "
                f"sequence; got {longest}: raise max_digits"
            )

    @property
    def taught(self) -> tuple[int, ...]:
        """The taught numbers of digits."""
        return tuple(range(1, self.max_digits + 1)) if self.digits is None else tuple(self.digits)

    @property
    def question_length(self) -> int:
        """Tokens before the first scored position: what an encoder reads."""
        return 2 * self.max_digits + 1

    @property
    def symbols(self) -> tuple[str, ...]:
        """Blank, '+', digits: the authors' sorted characters."""
        return tuple(" +0123456789")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """``digits``, or ``first`` x ``second``."""
        return tuple(Axis(name, self.taught) for name in (("digits",) if self.dims == 1 else ("first", "second")))

    @property
    def beyond(self) -> tuple[Difficulty, ...]:
        """Longer numbers, as far as the fixed width has room for them: none in the authors' setting."""
        return tuple(d for d in super().beyond if all(int(n) <= self.max_digits for n in d.values()))

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws ``batch_size`` sums: tokens and targets ``(B, 3D + 2)``."""
        if self.dims == 1:
            a, b = rng.integers(0, 10 ** int(difficulty["digits"]), (2, batch_size))
        else:
            n, m = int(difficulty["first"]), int(difficulty["second"])
            a = rng.integers(10 ** (n - 1), 10**n - 1, batch_size)
            b = rng.integers(10 ** (m - 1), 10**m - 1, batch_size)
        width = 2 * self.max_digits + 1
        place = np.arange(width)
        sign = _num_digits(a)  # where the '+' stands
        # Blank is 0, so that characters written at different places add up to the text.
        text = _written(a, place) + _written(b, place - sign - 1) + _PLUS * (place == sign)  # (B, 2D + 1)
        answer = _written(a + b, place[: self.max_digits + 1])  # (B, D + 1)
        tokens = np.concatenate([text[:, ::-1], np.full_like(answer, _BLANK)], axis=1)
        targets = np.concatenate([np.full_like(text, IGNORE), answer], axis=1)
        return Batch(tokens, targets)

    def expected_targets(self, tokens: Ints) -> Ints:
        """Targets ``(B, T)`` recomputed from the question as text, for ``envs.checks``."""
        width = 2 * self.max_digits + 1
        targets = np.full_like(tokens, IGNORE)
        for row, question in zip(targets, tokens[:, :width], strict=True):
            text = "".join(self.symbols[token] for token in question[::-1])
            answer = str(sum(int(operand) for operand in text.split("+")))
            row[width:] = [self.symbols.index(c) for c in answer.ljust(self.max_digits + 1)]
        return targets


def _num_digits(numbers: Ints) -> Ints:
    """``(B, 1)``, how many digits each number has; 0 has one."""
    return (1 + np.searchsorted(_POWERS[1:], numbers, side="right"))[:, None]


def _written(numbers: Ints, place: Ints) -> Ints:
    """Characters ``(B, W)`` of ``numbers`` at each ``place`` from the first digit on; blank before and after it."""
    power = _num_digits(numbers) - 1 - place  # (B, W)
    inside = (power >= 0) & (place >= 0)
    digit = numbers[:, None] // _POWERS.take(np.where(inside, power, 0)) % 10
    return np.where(inside, digit + _ZERO, _BLANK)
