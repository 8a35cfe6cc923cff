"""Every law of a modifier catches a fake that breaks it, and names it."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from envs import IGNORE, Addition, Axis, Batch, Split
from envs.checks.modifier import MODIFIER_LAWS, check_modifier
from envs.tasks.modifiers.data_scale import DataScale
from envs.tasks.modifiers.label_noise import LabelNoise
from envs.tasks.modifiers.rare_events import RareEvents


class Counter(Addition):
    """A stream whose value is its time, modulo 10."""

    def sample(self, rng, difficulty, batch_size, split):
        times = rng.integers(0, 500, (batch_size, 1)) + np.arange(6)
        values = (times * 7) % 10
        return Batch(values, ((times + 1) * 7) % 10, times=times)


@dataclass(frozen=True)
class Honest(LabelNoise):
    """The base of the fakes: an added axis that changes nothing."""

    def changed(self, batch, rng):
        return batch

    def sample(self, rng, difficulty, batch_size, split):
        own = {axis: value for axis, value in difficulty.items() if axis != "noise"}
        batch = self.inner.sample(rng, own, batch_size, split)
        return self.changed(batch, rng) if split is Split.TRAIN and difficulty["noise"] else batch


class Misnamed(Honest):
    @property
    def symbols(self):
        return ("+",) * 12


class MirrorsEverySplit(Honest):
    """Sound samples, and not the inner task's where they are held out."""

    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        return batch if split is Split.TRAIN else Batch(batch.tokens[::-1].copy(), batch.targets[::-1].copy())


class LaterInEverySplit(Honest):
    """Held-out tokens are the inner task's, their time labels are not."""

    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        return batch if split is Split.TRAIN else replace(batch, times=batch.times + 1)


class TailInTheTest(RareEvents):
    """Not clean by claim, and yet it must not depend on the tail."""

    def sample(self, rng, difficulty, batch_size, split):
        return super().sample(rng, difficulty, batch_size, split if difficulty["tail"] == "rare" else Split.TRAIN)


class ShiftedTargets(Honest):
    def changed(self, batch, rng):
        return replace(batch, targets=np.where(batch.targets == IGNORE, IGNORE, batch.tokens))


class ForgetsTimes(Honest):
    """Drops the first two positions, and counts time from zero: aligned and rising, and wrong."""

    def changed(self, batch, rng):
        times = np.tile(np.arange(4), (len(batch.tokens), 1))
        return Batch(batch.tokens[:, 2:].copy(), batch.targets[:, 2:].copy(), times=times)


class ShiftsTimes(Honest):
    def changed(self, batch, rng):
        return replace(batch, times=batch.times + 1)


class MovesMoreThanItSays(Honest):
    """Moves tokens and targets alike, three times as often as it declares."""

    def changed(self, batch, rng):
        values = np.concatenate([batch.tokens, batch.targets[:, -1:]], axis=1)
        values = np.where(rng.random(values.shape) < 0.6, (values + 1) % 10, values)
        return replace(batch, tokens=values[:, :-1].copy(), targets=values[:, 1:].copy())

    def moved_events(self, difficulty):
        return 0.2


class DrawsOtherRows(Honest):
    """What ``keeps_rows = False`` would allow."""

    def changed(self, batch, rng):
        rows = rng.permutation(len(batch.tokens))
        return Batch(batch.tokens[rows], batch.targets[rows])


class NeverEasy(LabelNoise):
    identity_at_easiest = True


FAKES = {
    "keeps_the_laws_of_a_task": (Misnamed(Addition()),),
    "held_out_samples_are_clean": (
        MirrorsEverySplit(Addition()),
        LaterInEverySplit(Counter()),
        TailInTheTest(Addition()),
    ),
    "alignment_is_kept": (
        ForgetsTimes(Counter()),
        ShiftsTimes(Counter()),
        MovesMoreThanItSays(Counter()),
        DrawsOtherRows(Addition()),
    ),
    "easiest_value_changes_nothing": (NeverEasy(Addition(), (0.1, 0.2)),),
}


@pytest.mark.parametrize("law", [law.__name__ for law in MODIFIER_LAWS])
def test_a_broken_fake_fails_the_law_by_name(law):
    for fake in FAKES[law]:
        with pytest.raises(AssertionError, match=f"^{law}: "):
            check_modifier(fake)


def test_alignment_by_itself_catches_shifted_targets():
    alignment_is_kept = dict(zip(FAKES, MODIFIER_LAWS, strict=True))["alignment_is_kept"]
    with pytest.raises(AssertionError, match="are not what the inputs say"):
        alignment_is_kept(ShiftedTargets(Addition()))
    with pytest.raises(AssertionError, match=r"^keeps_the_laws_of_a_task: inputs_targets_and_times_are_aligned: "):
        check_modifier(ShiftedTargets(Addition()))


def test_the_message_says_what_to_do():
    with pytest.raises(AssertionError, match=r"at row \d+, time \d+ got .*'\d'.*keeps_rows = False"):
        check_modifier(ShiftsTimes(Counter()))


@pytest.mark.parametrize(
    "modifier",
    [Honest(Counter()), Honest(Addition()), LabelNoise(Addition()), DataScale(Addition()), RareEvents(Addition())],
)
def test_a_sound_modifier_passes(modifier):
    check_modifier(modifier)


def test_a_modifier_without_claims_is_held_to_clean_held_out_samples_and_kept_rows():
    class Bare:
        """No claims: only what a task needs, and ``inner``."""

        def __init__(self, inner, held_out_too):
            self.inner, self._held_out_too = inner, held_out_too
            self.name, self.vocab_size, self.symbols = "bare", inner.vocab_size, inner.symbols
            self.axes = (*inner.axes, Axis("mirror", ("no", "yes")))
            self.beyond, self.mastery, self.version = (), inner.mastery, inner.version
            self.competence = inner.competence

        def sample(self, rng, difficulty, batch_size, split):
            batch = self.inner.sample(rng, {"digits": difficulty["digits"]}, batch_size, split)
            if difficulty["mirror"] == "no" or (split is not Split.TRAIN and not self._held_out_too):
                return batch
            return Batch(batch.tokens[::-1].copy(), batch.targets[::-1].copy())

    with pytest.raises(AssertionError, match=r"^held_out_samples_are_clean: PROBE samples at .*'mirror': 'yes'"):
        check_modifier(Bare(Addition((1, 2)), held_out_too=True))
    with pytest.raises(AssertionError, match=r"^alignment_is_kept: "):
        check_modifier(Bare(Addition((1, 2)), held_out_too=False))
