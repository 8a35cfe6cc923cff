"""A module whose weights are uncertain: the student behind the complexity signals VCG and GVCG."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call


class Variational(nn.Module):
    """A Gaussian posterior over the weights of a module, independent for each, under one adaptive Gaussian prior.

    In training mode each forward draws the weights anew, in eval mode it takes their means. ``TorchStudent`` adds
    ``complexity() / num_samples`` to the loss of a sample, so that what is minimised is the description length::

        L_VI = E[L(x, theta)] + KL(posterior || prior) / num_samples

    Args:
        model: the module; its weights are the posterior's first means.
        num_samples: S, sequences over which the cost of the weights is spread: those of one lifetime, budget times
            batch size, say.
        deviation: the posterior's standard deviation at the start.

    Raises:
        ValueError: num_samples or deviation not above 0.

    Reference: A. Graves et al. (2017), arXiv:1704.03003, section 3.2; A. Graves, Practical Variational Inference for
    Neural Networks (2011), NIPS, section 4; the reparametrised gradient: C. Blundell et al., Weight Uncertainty in
    Neural Networks (2015), arXiv:1505.05424, section 3.2.
    """

    def __init__(self, model: nn.Module, num_samples: int = 1_000_000, deviation: float = 0.01):
        super().__init__()
        if num_samples < 1 or deviation <= 0:
            raise ValueError(f"num_samples must be at least 1 and deviation above 0; got {num_samples} and {deviation}")
        self.model, self.num_samples = model, num_samples
        self._names = [name for name, p in model.named_parameters() if p.requires_grad]
        means = [p for p in model.parameters() if p.requires_grad]
        raw = math.log(math.expm1(deviation))  # softplus of it is the deviation
        self.deviations = nn.ParameterList(nn.Parameter(torch.full_like(p, raw)) for p in means)
        everything = torch.cat([p.detach().flatten() for p in means])
        self.prior_mean = nn.Parameter(everything.mean())
        self.prior_log_deviation = nn.Parameter((everything.var() + deviation**2).sqrt().log())

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits ``(B, T, V)`` under weights drawn for this call (their means in eval mode)."""
        if not self.training:
            logits: Tensor = self.model(tokens)
            return logits
        logits = functional_call(self.model, self._drawn(), (tokens,))
        return logits

    @property
    def vocab_size(self) -> int:
        """V, of the module, if it says it."""
        return int(self._inner("vocab_size"))

    @property
    def start(self) -> Any:
        """The module's, if it carries a state."""
        return self._inner("start")

    @property
    def step(self) -> Any:
        """The module's, under the weights' means."""
        return self._inner("step")

    @property
    def resume(self) -> Any:
        """The module's, if it has one; in training mode under weights drawn for this call."""
        plain = self._inner("resume")
        if not self.training:
            return plain
        return lambda tokens, state: functional_call(_Resuming(self.model), self._drawn("model."), (tokens, state))

    def _inner(self, name: str) -> Any:
        if not hasattr(self.model, name):
            raise AttributeError(f"{type(self.model).__name__} has no {name}")
        return getattr(self.model, name)

    def _drawn(self, prefix: str = "") -> dict[str, Tensor]:
        means = dict(self.model.named_parameters())
        return {
            prefix + name: means[name] + nn.functional.softplus(raw) * torch.randn_like(raw)
            for name, raw in zip(self._names, self.deviations, strict=True)
        }

    def complexity(self) -> Tensor:
        """KL(posterior || prior) in nats, a scalar: the sum over all weights."""
        means = dict(self.model.named_parameters())
        prior_deviation = self.prior_log_deviation.exp()
        total = torch.zeros((), device=self.prior_mean.device)
        for name, raw in zip(self._names, self.deviations, strict=True):
            deviation = nn.functional.softplus(raw)
            spread = (deviation**2 + (means[name] - self.prior_mean) ** 2) / (2 * prior_deviation**2)
            total = total + (self.prior_log_deviation - deviation.log() + spread - 0.5).sum()
        return total


class _Resuming(nn.Module):
    """A module whose forward is another's ``resume``."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model: Any = model

    def forward(self, tokens: Tensor, state: Any) -> Any:
        return self.model.resume(tokens, state)
