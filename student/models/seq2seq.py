"""An encoder-decoder LSTM that never sees the answer."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from student.models.sizes import refuse_no_size


class Seq2Seq(nn.Module):
    """LSTM encoder over the question; its last output, repeated, drives an LSTM decoder, one step per answer position.

    For tasks in the format of TSCL: every question has the same number of tokens and ends before the first scored
    position. There is no teacher forcing: tokens from ``question_length`` on are not read, whatever they hold, so
    position t of the answer knows the question alone. Inputs are one-hot; the softmax is the loss's.

    This is the one built-in that is not a language model, and the only one without ``start``, ``resume`` and ``step``:
    the logits at question positions are zeros, nothing is predicted before the question has been read to its end, and
    what follows is not conditioned on what was emitted, so there is nothing to feed back or to stream. No token leaks
    from the future all the same: an answer position depends on the question before it only.

    Args:
        vocab_size: V.
        question_length: tokens that the encoder reads; the first scored position is the one after them.
        width: size of both hidden states.

    Raises:
        ValueError: question_length below 1, or (from ``forward``) tokens that end with the question.

    Reference: T. Matiisen et al., Teacher-Student Curriculum Learning (2017), arXiv:1707.00183, section 4.1 (there with
    the initial weights of Keras, here with torch's).
    """

    def __init__(self, vocab_size: int, question_length: int, width: int = 128):
        super().__init__()
        refuse_no_size(width=width)
        if question_length < 1:
            raise ValueError(f"question_length must be at least 1; got {question_length}")
        self.vocab_size, self.question_length = vocab_size, question_length
        self.encode = nn.LSTM(vocab_size, width, batch_first=True)
        self.decode = nn.LSTM(width, width, batch_first=True)
        self.read = nn.Linear(width, vocab_size)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits ``(B, T, V)``: zeros at the question, then one answer token per position of ``tokens`` ``(B, T)``."""
        num_sequences, length = tokens.shape
        num_answers = length - self.question_length
        if num_answers < 1:
            raise ValueError(
                f"tokens must go on after the question of {self.question_length}; got {length} per sequence "
                "(set question_length to the number of tokens before the first scored position)"
            )
        question = F.one_hot(tokens[:, : self.question_length], self.vocab_size).to(self.read.weight.dtype)
        encoded = self.encode(question)[0][:, -1:]  # (B, 1, width)
        decoded, _ = self.decode(encoded.expand(-1, num_answers, -1))  # (B, answers, width)
        answers: Tensor = self.read(decoded)
        return torch.cat([answers.new_zeros(num_sequences, self.question_length, self.vocab_size), answers], dim=1)
