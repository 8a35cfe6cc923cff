"""Small real students and suites for fine-tuning a teacher, cheap enough for minutes of a core.

``paceline meta-train --students benchmarks.studies.finetuning:transformer --suites
benchmarks.studies.finetuning:copy,...`` takes them by name; nothing is claimed on them.
"""

from __future__ import annotations

from torch import nn

from envs import Suite
from envs.tasks import Copy, Parity, Reverse, SelectiveCopy, shared_vocabulary
from student import LSTM, Transformer


def transformer(vocab_size: int) -> nn.Module:
    """Two blocks of width 32."""
    return Transformer(vocab_size, width=32, num_layers=2, num_heads=4)


def lstm(vocab_size: int) -> nn.Module:
    """Width 64."""
    return LSTM(vocab_size, width=64)


def copy() -> Suite:
    """Copy of one to six symbols."""
    return Suite([Copy(lengths=(1, 2, 3, 4, 5, 6))], name="copy")


def reverse() -> Suite:
    """Reversal of one to six symbols."""
    return Suite([Reverse(lengths=(1, 2, 3, 4, 5, 6))], name="reverse")


def mixed() -> Suite:
    """Reversal, parity and selective copy in one vocabulary."""
    tasks = shared_vocabulary(
        [Reverse(lengths=(1, 2, 4)), Parity(lengths=(2, 3, 4)), SelectiveCopy(counts=(1, 2), blanks=(4,))],
        announce=True,
    )
    return Suite(tasks, name="mixed")
