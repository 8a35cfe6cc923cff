"""Built-in students as settings: what the command line can set of each, and how it is built."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from torch import nn

import student
from envs import Student, Suite
from student.training import Training


class StudentComponent(Protocol):
    """Settings that build a student."""

    def build(self, suite: Suite, num_learners: int, budget: int) -> Student:
        """The student."""


@dataclass(frozen=True)
class _Trained(Training):
    """Options that every torch student has."""

    learning_rate: float = 2e-3
    """Step size at its highest."""
    uncertain: bool = False
    """Gaussian weights under an adaptive prior (student.Variational), for the signals VCG and GVCG."""
    num_samples: int = 1_000_000
    """With uncertain, the sequences over which the cost of the weights is spread: about budget x batch size."""
    device: str = "cpu"
    """Where the modules live."""

    def model(self, suite: Suite) -> nn.Module:
        """A module for the suite's vocabulary: a field that the training does not have is an argument of its class."""
        raise NotImplementedError

    def build(self, suite: Suite, num_learners: int, budget: int) -> Student:
        """The student. Schedules that lack a budget or phases take those of the lifetime and the suite."""
        return self._student(lambda: self.model(suite), suite, num_learners, budget)

    def _student(self, make_model: Callable[[], nn.Module], suite: Suite, num_learners: int, budget: int) -> Student:
        options: dict[str, Any] = {f.name: getattr(self, f.name) for f in dataclasses.fields(Training)}
        if options["budget"] is None:
            options["budget"] = budget
        if options["phases"] is None:
            options["phases"] = suite.arms.levels.tolist()
        if self.uncertain:
            return student.TorchStudent(
                lambda: student.Variational(make_model(), self.num_samples), num_learners, self.device, **options
            )
        return student.TorchStudent(make_model, num_learners, self.device, **options)

    def _own(self) -> dict[str, Any]:
        shared = {f.name for f in dataclasses.fields(_Trained)}
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in shared}


@dataclass(frozen=True)
class OwnStudent(_Trained):
    """Your own module, package.module:make_model, trained with the same defaults as the built-in ones."""

    def around(self, make_model: Callable[[], nn.Module], suite: Suite, num_learners: int, budget: int) -> Student:
        """The student over ``make_model``."""
        return self._student(make_model, suite, num_learners, budget)


@dataclass(frozen=True)
class LSTMStudent(_Trained):
    """An LSTM language model."""

    width: int = 128
    """Size of the hidden state."""
    num_layers: int = 1
    """Stacked layers."""
    embedding: int = 32
    """Size of the token embedding."""

    def model(self, suite: Suite) -> nn.Module:
        """The module."""
        return student.LSTM(suite.vocab_size, **self._own())


@dataclass(frozen=True)
class ExperiencedLSTMStudent(LSTMStudent):
    """An LSTM that has already trained on some of the arms when its lifetime begins."""

    knows: tuple[int, ...] = ()
    """Numbers of the arms of its past; none: every second arm."""
    past: int = 1000
    """Updates in its past, not charged."""

    def build(self, suite: Suite, num_learners: int, budget: int) -> Student:
        """The student."""
        inner = super().build(suite, num_learners, budget)
        return student.Experienced(inner, suite, self.knows or tuple(range(0, suite.num_arms, 2)), self.past)

    def _own(self) -> dict[str, Any]:
        return {name: value for name, value in super()._own().items() if name not in ("knows", "past")}


@dataclass(frozen=True)
class GRUStudent(LSTMStudent):
    """A GRU language model."""

    def model(self, suite: Suite) -> nn.Module:
        """The module."""
        return student.GRU(suite.vocab_size, **self._own())


@dataclass(frozen=True)
class RNNStudent(LSTMStudent):
    """A plain recurrent network (Elman)."""

    def model(self, suite: Suite) -> nn.Module:
        """The module."""
        return student.RNN(suite.vocab_size, **self._own())


@dataclass(frozen=True)
class TransformerStudent(_Trained):
    """A decoder-only Transformer with rotary positions."""

    width: int = 64
    """Model width."""
    num_layers: int = 2
    """Blocks."""
    num_heads: int = 4
    """Attention heads."""
    dropout: float = 0.0
    """Rate on both residual branches."""

    def model(self, suite: Suite) -> nn.Module:
        """The module."""
        return student.Transformer(suite.vocab_size, **self._own())


@dataclass(frozen=True)
class MinGRUStudent(_Trained):
    """A gated linear recurrence (minGRU); scanned in parallel on a GPU, in a loop on a CPU, where that is faster."""

    width: int = 128
    """Model width."""
    num_layers: int = 2
    """Blocks."""
    conv: int = 0
    """Taps of a short causal convolution before the recurrence; 0: none."""
    dropout: float = 0.0
    """Rate on both residual branches."""

    def model(self, suite: Suite) -> nn.Module:
        """The module."""
        return student.MinGRU(suite.vocab_size, **self._own())


@dataclass(frozen=True)
class TCNStudent(_Trained):
    """A temporal convolutional network: dilated causal convolutions."""

    width: int = 128
    """Channels."""
    num_layers: int = 4
    """Residual blocks; the dilation doubles with each."""
    kernel: int = 3
    """Taps of a convolution."""
    dropout: float = 0.0
    """Rate after each convolution."""

    def model(self, suite: Suite) -> nn.Module:
        """The module."""
        return student.TCN(suite.vocab_size, **self._own())


@dataclass(frozen=True)
class Seq2SeqStudent(_Trained):
    """An encoder-decoder LSTM as in TSCL, for suites of questions of one length (tscl-addition)."""

    learning_rate: float = 1e-3
    """Step size at its highest; TSCL's."""
    clip: float | None = 2.0
    """Norm to which a gradient is scaled down; TSCL's."""
    width: int = 128
    """Size of both hidden states."""

    def model(self, suite: Suite) -> nn.Module:
        """The module.

        Raises:
            ValueError: the suite's tasks do not have one ``question_length``.
        """
        lengths = {getattr(task, "question_length", 0) for task in suite.tasks}
        if len(lengths) != 1 or 0 in lengths:
            raise ValueError(
                "student seq2seq needs tasks of one question_length (tscl-addition has it); "
                f"got {', '.join(task.name for task in suite.tasks)}"
            )
        return student.Seq2Seq(suite.vocab_size, lengths.pop(), self.width)


@dataclass(frozen=True)
class GPT2Student(_Trained):
    """Hugging Face's GPT-2 with random weights, from its configuration (extra: paceline[hf])."""

    width: int = 64
    """Model width."""
    num_layers: int = 2
    """Blocks."""
    num_heads: int = 4
    """Attention heads."""
    max_length: int = 1024
    """Longest sequence."""

    def model(self, suite: Suite) -> nn.Module:
        """The module."""
        shape = {"n_embd": self.width, "n_layer": self.num_layers, "n_head": self.num_heads}
        return student.hugging_face_lm(suite.vocab_size, "gpt2", n_positions=self.max_length, **shape)
