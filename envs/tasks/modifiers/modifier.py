"""What tasks that wrap a task have in common."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from envs.batch import Floats
from envs.suite import Difficulty, Task, symbols_of, threshold_of


class Modifier:
    """A task that has what its inner task has, but for what it changes.

    Vocabulary, symbols, mastery and competence are the inner task's. What else the inner task declares is passed on
    where it still holds. Subclasses are frozen dataclasses with a field ``inner``; they keep the laws of
    ``envs.checks.check_modifier``.
    """

    inner: Task

    def _holds(self) -> Collection[str]:
        """What an inner task may declare and this modifier leaves true."""
        return ()

    def __getattr__(self, declaration: str) -> Any:
        """What the inner task declares, where it still holds."""
        fields = getattr(type(self), "__dataclass_fields__", {})  # not there before __init__: in a copy, say
        if not declaration.startswith("_") and declaration not in fields and declaration in self._holds():
            return getattr(self.inner, declaration)
        raise AttributeError(f"{type(self).__name__} has no attribute {declaration!r}")

    @property
    def vocab_size(self) -> int:
        """V, the inner task's."""
        return self.inner.vocab_size

    @property
    def symbols(self) -> tuple[str, ...]:
        """``(V,)``, the inner task's."""
        return symbols_of(self.inner)

    @property
    def mastery(self) -> float:
        """The inner task's."""
        return self.inner.mastery

    def threshold(self, difficulty: Difficulty) -> float:
        """The inner task's."""
        return threshold_of(self.inner, {axis.name: difficulty[axis.name] for axis in self.inner.axes})

    def competence(self, loss: Floats, token_accuracy: Floats, sequence_accuracy: Floats) -> Floats:
        """The inner task's."""
        return self.inner.competence(loss, token_accuracy, sequence_accuracy)
