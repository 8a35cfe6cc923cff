"""From which students a lifetime is drawn: ranges of every property of a simulated student and its arms."""

from __future__ import annotations

from dataclasses import dataclass, fields

Range = tuple[float, float]

STRUCTURES = ("chain", "blocks", "grid", "tree", "graph", "flat")
"""What prerequisites are like: a chain; 2-4 chains; a grid of two axes; a random earlier arm each; up to two; none."""
DESCRIPTIONS = ("true", "wrong", "none")
"""What the teacher is told: the order as it is, a random one, or nothing."""

_SHARES = {"structures": STRUCTURES, "descriptions": DESCRIPTIONS}
_LOGARITHMIC = (
    "decisions",
    "effort",
    "gate_floor",
    "answer_length",
    "forgetting",
    "swift_forgetting",
    "rehearsal",
    "common_time",
    "samples",
    "restlessness",
)


@dataclass(frozen=True)
class Population:
    """Ranges that the properties of a lifetime are drawn from; ``log`` marks ranges drawn log-uniformly.

    Raises:
        ValueError: a range that is empty or out of bounds, shares that are negative or all zero.
    """

    num_arms: tuple[int, int] = (2, 16)
    """A, at least and at most; arms beyond a lifetime's own are padding."""
    decisions: Range = (60, 400)
    """H, decisions in a lifetime (log)."""
    structures: tuple[float, ...] = (2.0, 2.0, 1.0, 1.0, 1.5, 0.5)
    """Relative shares of chain, blocks, grid, tree, graph, flat."""
    descriptions: tuple[float, ...] = (5.0, 2.0, 3.0)
    """Relative shares of true, wrong and no order told."""
    effort: Range = (0.05, 0.6)
    """Share of the budget that suffices when each arm is taught alone, in the best order (log)."""
    growth: Range = (0.7, 2.0)
    """Factor of the time an arm takes, per step of depth."""
    spread: Range = (0.0, 0.8)
    """Standard deviation of the logarithm of that time over arms."""
    gate_floor: Range = (0.003, 1.0)
    """Speed of learning without the prerequisites, relative to learning with them (log)."""
    gate_power: Range = (0.5, 3.0)
    """How much of the prerequisites it takes: speed follows their attained competence to this power."""
    shape: Range = (0.4, 2.2)
    """Exponent of a learning curve 1 - exp(-x^n): below 1 quick then slow, above 1 a plateau, then a rise."""
    answer_length: Range = (1.0, 6.0)
    """Tokens that must all be right, had their errors nothing to do with each other: competence is token accuracy to
    this power (log); 1 in a quarter of lifetimes."""
    lengthening: Range = (0.0, 1.0)
    """Growth of the answer's length per step of depth, relative to the easiest, in half of the lifetimes."""
    guessing: Range = (0.02, 0.3)
    """Token accuracy of an untrained student."""
    thresholds: Range = (0.9, 0.99)
    """Competence that counts as mastery."""
    upward: Range = (0.0, 0.4)
    """Transfer from an arm to those that build on it, relative to training these themselves."""
    downward: Range = (0.0, 1.0)
    """Transfer from an arm to its prerequisites, and through them to theirs."""
    sideways: Range = (0.0, 0.2)
    """Transfer between any two arms, in half of the lifetimes."""
    interference: Range = (0.0, 1.0)
    """What training an arm takes from another, relative to what it gives itself, in a quarter of the lifetimes and for
    a fifth of the pairs."""
    forgetting: Range = (0.05, 8.0)
    """Progress that an untrained arm loses over the budget, as a rate (log), in 0.6 of the lifetimes."""
    warm_up: Range = (0.0, 0.05)
    """Share of the budget over which learning gets under way."""
    rate_noise: Range = (0.0, 0.4)
    """Standard deviation of the logarithm of the speed from decision to decision."""
    samples: Range = (500.0, 5000.0)
    """Sequences in a decision: what is observed is noisy (log)."""
    loss_power: Range = (0.3, 1.3)
    """Loss falls as the share of what is still to learn to this power."""
    common_loss: Range = (0.0, 0.5)
    """Share of the loss that is the same for all arms, in 0.6 of the lifetimes: it falls whatever is trained."""
    common_time: Range = (0.003, 0.05)
    """Share of the budget in which that falls to a third (log)."""
    prior_knowledge: float = 0.3
    """Share of lifetimes in which the student already knows some arms."""
    auxiliary: float = 0.4
    """Share of lifetimes in which not all arms are targets."""
    unlearnable: float = 0.12
    """Share of lifetimes with arms that can never be mastered."""
    label_noise: float = 0.12
    """Share of lifetimes with wrong training labels on some arms."""
    capacity: float = 0.1
    """Share of lifetimes in which the student cannot hold everything at once."""
    drift: float = 0.1
    """Share of lifetimes in which some arms become harder half-way."""
    spikes: float = 0.15
    """Share of lifetimes with sudden set-backs."""
    restlessness: Range = (0.01, 0.2)
    """How far a student falls back from one decision to the next, as a share of an arm's progress (log), in 0.6 of the
    lifetimes; what is learned beyond mastery is a reserve."""
    decay: float = 0.15
    """Share of lifetimes whose speed falls to a tenth towards the end, as with a decaying learning rate."""
    swift: float = 0.0
    """Share of lifetimes in which an arm that is not rehearsed is forgotten at once, as a convolution forgets; the
    teachers of the repository were trained without any."""
    swift_forgetting: Range = (10.0, 100.0)
    """.. Progress that such an arm loses over the budget, as a rate (log)."""
    rehearsal: Range = (0.01, 0.05)
    """.. Share of the updates at which rehearsing slows that to 1/e (log)."""
    returns: Range = (1.0, 1.0)
    """Exponent of an arm's speed over its share of the updates: below 1, many arms learn more together than one after
    another, as an LSTM's shares suggest (``benchmarks.studies.returns``); half of that gain, in logarithms, is taken
    back by longer times. The teachers of the repository were trained at 1."""

    def __post_init__(self) -> None:
        for field in fields(self):
            self._check(field.name, getattr(self, field.name))
        if self.num_arms[0] < 1 or self.decisions[0] < 1:
            raise ValueError(f"a lifetime has at least one arm and one decision; got {self.num_arms}, {self.decisions}")
        if self.common_loss[1] > 1:
            raise ValueError(f"common_loss must be shares, at most 1; got {self.common_loss}")
        if self.returns[0] <= 0 or self.returns[1] > 1:
            raise ValueError(f"returns must be above 0 (where arms learn untrained) and at most 1; got {self.returns}")
        if self.thresholds[1] >= 1 or self.guessing[1] >= self.thresholds[0]:
            raise ValueError(
                f"thresholds must be below 1 and above guessing; got {self.thresholds}, guessing {self.guessing}"
            )

    def _check(self, name: str, value: tuple[float, ...] | float) -> None:
        if name in _SHARES:
            assert isinstance(value, tuple)
            if len(value) != len(_SHARES[name]):
                raise ValueError(f"{name} must have {len(_SHARES[name])} shares; got {len(value)}")
            if min(value) < 0 or not sum(value) > 0:
                raise ValueError(f"{name} must be shares, not negative, not all zero; got {value}")
        elif isinstance(value, tuple):
            if not value[0] <= value[1] or value[0] < 0:
                raise ValueError(f"{name} must be (least, most), not negative; got {value}")
            if name in _LOGARITHMIC and value[0] <= 0:
                raise ValueError(f"{name} is drawn log-uniformly and must be above 0; got {value}")
        elif not 0 <= value <= 1:
            raise ValueError(f"{name} must be a share in [0, 1]; got {value}")
