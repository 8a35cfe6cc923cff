"""Any causal language model of transformers, with random weights, as tokens to logits."""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor, nn

Cache = tuple[tuple[Tensor, Tensor], ...]
"""Keys and values of each layer so far; empty before the first token."""


def hugging_face_lm(vocab_size: int, config: Any = "gpt2", **overrides: Any) -> nn.Module:
    """A causal language model of transformers, built from its configuration: random weights, nothing is downloaded.

    Special tokens are taken out of the configuration (padding would otherwise freeze the embedding of a token that
    means something here); ``overrides`` can put them back. The number of positions is the configuration's: models with
    a table of positions (gpt2: ``n_positions=1024``) refuse longer sequences.

    Models whose state is keys and values (gpt2, llama and most others) stream like the built-in ones; the
    others (mamba, rwkv and hybrids) come without ``start``, ``resume`` and ``step``.

    Example: ``hugging_face_lm(12, "gpt2", n_embd=64, n_layer=2, n_head=4)``.

    Args:
        vocab_size: V.
        config: a model type of transformers ("gpt2", "llama"), or a configuration object, which is copied.
        overrides: fields of the configuration to set.

    Raises:
        ImportError: transformers is not installed.
        ValueError: no such model type, a field that the configuration does not have, or no causal model for it.
    """
    try:
        import transformers
    except ImportError as error:
        raise ImportError("hugging_face_lm needs transformers: pip install 'paceline[hf]'") from error
    if isinstance(config, str):
        if config not in transformers.CONFIG_MAPPING:
            raise ValueError(f"config must be a model type of transformers such as gpt2 or llama; got {config!r}")
        chosen = transformers.AutoConfig.for_model(config)
    else:
        chosen = copy.deepcopy(config)
    unknown = sorted(name for name in overrides if not hasattr(chosen, name))
    if unknown:
        raise ValueError(
            f"a {chosen.model_type} configuration has no {', '.join(unknown)}: see {type(chosen).__name__}"
        )
    if type(chosen) not in transformers.MODEL_FOR_CAUSAL_LM_MAPPING:
        raise ValueError(f"transformers has no causal language model of type {chosen.model_type!r}; gpt2 is one")
    special = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"))
    if isinstance(config, str):  # made anew, so that what is derived from other fields follows the overrides
        chosen = transformers.AutoConfig.for_model(config, **{**special, **overrides, "vocab_size": vocab_size})
    else:
        chosen.update({**special, **overrides, "vocab_size": vocab_size})
    lm = transformers.AutoModelForCausalLM.from_config(chosen)
    if getattr(lm, "_is_stateful", False):
        return _Logits(lm, vocab_size)
    return _StreamingLogits(lm, vocab_size, transformers.DynamicCache)


class _Logits(nn.Module):
    """The logits of a causal language model of transformers."""

    def __init__(self, lm: nn.Module, vocab_size: int):
        super().__init__()
        self.lm, self.vocab_size = lm, vocab_size

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits ``(B, T, V)`` of the target at each position of ``tokens`` ``(B, T)``."""
        logits: Tensor = self.lm(input_ids=tokens, use_cache=False).logits
        return logits


class _StreamingLogits(nn.Module):
    """The logits of a causal language model of transformers whose state is keys and values."""

    def __init__(self, lm: nn.Module, vocab_size: int, make_cache: Any):
        super().__init__()
        self.lm, self.vocab_size, self._make_cache = lm, vocab_size, make_cache

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits ``(B, T, V)`` of the target at each position of ``tokens`` ``(B, T)``."""
        logits: Tensor = self.lm(input_ids=tokens, use_cache=False).logits
        return logits

    def start(self, batch_size: int) -> Cache:
        """No keys and values, whatever the number of sequences."""
        return ()

    def resume(self, tokens: Tensor, state: Cache) -> tuple[Tensor, Cache]:
        """Logits ``(B, T, V)`` of tokens ``(B, T)`` that follow those of the state, and the state after them.

        Each call copies the keys and values into a new cache of transformers, so the old state stays usable as far as
        the model itself only appends to its cache (true of those tried: gpt2, llama).
        """
        out = self.lm(input_ids=tokens, past_key_values=self._make_cache(state), use_cache=True)
        return out.logits, tuple((layer.keys, layer.values) for layer in out.past_key_values.layers)

    def step(self, tokens: Tensor, state: Cache) -> tuple[Tensor, Cache]:
        """Logits ``(B, V)`` after one more token ``(B,)``, and the new state."""
        logits, state = self.resume(tokens[:, None], state)
        return logits[:, 0], state
