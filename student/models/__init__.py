"""Built-in sequence models, one per file: causal, tokens ``(B, T)`` to logits ``(B, T, V)``, any length."""

from student.models.lstm import LSTM as LSTM
from student.models.transformer import Transformer as Transformer
