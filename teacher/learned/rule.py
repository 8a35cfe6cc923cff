"""A network that is a hand rule: where meta-training starts from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from teacher.learned.network import Weights

_SHARPNESS, _AUXILIARY = 2.0, 0.5  # TargetDeficit's
_PASSED_ON = {"log_shortfall": 1.0, "log_reach": _SHARPNESS, "is_target": None}
"""Features that one unit each hands on to the score, none ever negative; their powers in the mixture's weights."""


def as_target_deficit(weights: Weights, reads: Sequence[str], least: float) -> Weights:
    r"""The weights, changed so that the mixture is target deficit's, without exploration and where no logarithm is cut.

    With u the scale of logarithmic features, x = 1 + ln(value) / u, one unit of each layer hands on one feature::

        s_a = u x_shortfall + 2 u x_reach + ln(2) is_target,  so  p_a ~ shortfall_a reach_a^2 (1 for targets, else 1/2)

    The other units stay as they are, unscored, so that training goes on from the rule. A feature that is not read is
    left out.

    Args:
        weights: of the network, see ``network.SHAPES``; at least three units wide.
        reads: names of the features that it reads.
        least: what logarithms are cut at; u = -ln(least).

    Raises:
        ValueError: fewer units than features to hand on.
    """
    scale = -math.log(least)
    handed = [name for name in _PASSED_ON if name in reads]
    width = len(weights["encode.bias"])
    if width < len(handed):
        raise ValueError(f"a network that starts as target deficit needs {len(handed)} units; got width {width}")
    made = {name: value.copy() for name, value in weights.items()}
    made["score.weight"][:] = made["score.bias"][:] = 0.0
    if "recall.weight" in made:
        made["recall.weight"][: len(handed)] = 0.0
    for unit, name in enumerate(handed):
        for part in ("encode", "mix", "context"):
            made[f"{part}.weight"][unit] = 0.0
        made["encode.bias"][unit] = made["mix.bias"][unit] = 0.0
        made["encode.weight"][unit, list(reads).index(name)] = 1.0
        made["mix.weight"][unit, unit] = 1.0
        power = _PASSED_ON[name]
        made["score.weight"][0, unit] = math.log(1.0 / _AUXILIARY) if power is None else scale * power
    return {name: np.asarray(value, dtype=np.float32) for name, value in made.items()}
