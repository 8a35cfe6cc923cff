"""What happens inside a module: its last hidden layer, and where it attends. For any module, without its help."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Eval mode without gradients for the block; every submodule's mode is put back after it."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def last_hidden(model: nn.Module, tokens: Tensor) -> Tensor:
    """Input ``(B, T, D)`` of the linear layer that ran last on ``tokens`` ``(B, T)``: of the read-out, that is.

    Raises:
        ValueError: no ``nn.Linear`` ran over all positions.
    """
    seen: list[Tensor] = []

    def note(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if isinstance(inputs[0], Tensor) and inputs[0].ndim == 3 and inputs[0].shape[:2] == tokens.shape:
            seen.append(inputs[0].detach())

    hooks = [m.register_forward_pre_hook(note) for m in model.modules() if isinstance(m, nn.Linear)]
    try:
        with evaluating(model):
            model(tokens)
    finally:
        for hook in hooks:
            hook.remove()
    if not seen:
        raise ValueError(
            "representations are taken from the input of the last nn.Linear over (B, T, D); "
            f"{type(model).__name__} runs none: choose another signal"
        )
    return seen[-1]


def answers(model: nn.Module, tokens: Tensor) -> Tensor:
    """The likeliest token after each position of ``tokens`` ``(B, T)``."""
    with evaluating(model):
        likeliest: Tensor = model(tokens).argmax(dim=-1)
    return likeliest


class _Attention(TorchFunctionMode):
    """Computes the weights of every fused attention that runs under it."""

    def __init__(self) -> None:
        super().__init__()
        self.maps: list[Tensor] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func is F.scaled_dot_product_attention:
            self.maps.append(_weights(*args, **kwargs))
        return func(*args, **kwargs)


def _weights(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Attention weights ``(B, heads, T, T)`` of ``scaled_dot_product_attention`` with these arguments."""
    if enable_gqa:
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)
    logits = query @ key.transpose(-1, -2) * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    if is_causal:
        ahead = torch.ones(logits.shape[-2:], dtype=torch.bool, device=logits.device).triu(1)
        logits = logits.masked_fill(ahead, float("-inf"))
    if attn_mask is not None:
        logits = logits.masked_fill(~attn_mask, float("-inf")) if attn_mask.dtype == torch.bool else logits + attn_mask
    return logits.softmax(dim=-1)


def attention_maps(model: nn.Module, tokens: Tensor) -> Tensor:
    """Attention weights ``(layers, B, heads, T, T)`` on ``tokens`` ``(B, T)``.

    Raises:
        ValueError: the module does not attend by ``torch.nn.functional.scaled_dot_product_attention``, or its layers
            attend in different shapes.
    """
    watch = _Attention()
    with evaluating(model), watch:
        model(tokens)
    if not watch.maps:
        raise ValueError(
            f"attention is read from scaled_dot_product_attention, which {type(model).__name__} does not call: choose "
            "another signal, or a Transformer"
        )
    shapes = {tuple(weights.shape) for weights in watch.maps}
    if len(shapes) > 1:
        raise ValueError(f"attention needs one shape in every layer; {type(model).__name__} has {sorted(shapes)}")
    return torch.stack(watch.maps)
