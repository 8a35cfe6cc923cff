"""Every law of a task catches a fake that breaks it, and names it."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from envs import IGNORE, Addition, Axis, Batch, Lego, ListOps, ModularArithmetic, Parity
from envs.checks import TASK_LAWS, check_task


@dataclass(frozen=True)
class Nameless(Addition):
    name: str = ""


class TooFewSequences(Addition):
    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        return Batch(batch.tokens[1:], batch.targets[1:])


class OutOfVocabulary(Addition):
    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        return Batch(batch.tokens, np.where(batch.targets == 9, 12, batch.targets))


class NoTargets(Addition):
    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        batch.targets[0] = IGNORE
        return batch


class Remembers(Addition):
    calls = 0

    def sample(self, rng, difficulty, batch_size, split):
        type(self).calls += 1
        return super().sample(np.random.default_rng(self.calls), difficulty, batch_size, split)


class IgnoresTheGenerator(Addition):
    def sample(self, rng, difficulty, batch_size, split):
        return super().sample(np.random.default_rng(0), difficulty, batch_size, split)


class SeedsGlobally(Addition):
    def sample(self, rng, difficulty, batch_size, split):
        np.random.seed(0)  # noqa: NPY002
        return super().sample(rng, difficulty, batch_size, split)


class FallingCompetence(Addition):
    def competence(self, loss, token_accuracy, sequence_accuracy):
        return 1 - sequence_accuracy


class BeyondIsTaught(Addition):
    @property
    def beyond(self):
        return ({"digits": 1},)


class NoAxis(Addition):
    @property
    def axes(self):
        return (Axis("digits", ()),)


class TargetsShiftedByOne(Addition):
    """The classic slip: each position is asked for what came in, not for what comes next."""

    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        return Batch(batch.tokens, np.where(batch.targets == IGNORE, IGNORE, batch.tokens))


class InputsLagBehind(Addition):
    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        return Batch(np.roll(batch.tokens, 1, axis=1), batch.targets)


class TimesRunBackwards(Addition):
    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        times = np.broadcast_to(np.arange(batch.tokens.shape[1])[::-1], batch.tokens.shape)
        return Batch(batch.tokens, batch.targets, times=times)


class ScoredWithoutATime(Addition):
    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        times = np.broadcast_to(np.arange(batch.tokens.shape[1]), batch.tokens.shape).copy()
        times[:, -1] = -1
        return Batch(batch.tokens, batch.targets, times=times)


def question_of_another_row(kind):
    """A task whose one target is in the last column, with the inputs of the row before: ``expected_targets`` tells."""

    class Shifted(kind):
        def sample(self, rng, difficulty, batch_size, split):
            batch = super().sample(rng, difficulty, batch_size, split)
            return Batch(np.roll(batch.tokens, 1, axis=0), batch.targets)

    return Shifted()


class NoisierThanItSays(Addition):
    def sample(self, rng, difficulty, batch_size, split):
        batch = super().sample(rng, difficulty, batch_size, split)
        wrong = (rng.random(batch.targets.shape) < 0.3) & (batch.targets != IGNORE)
        return Batch(batch.tokens, np.where(wrong, (batch.targets + 1) % 10, batch.targets))

    def wrong_labels(self, difficulty):
        return 0.1


class LabelsOtherThanItExpects(TargetsShiftedByOne):
    def expected_targets(self, tokens):
        return np.full_like(tokens, 3)


class SharedSymbols(Addition):
    @property
    def symbols(self):
        return tuple("0123456789++")


class MasteredByNobody(Addition):
    def threshold(self, difficulty):
        return 0.0


class OutOfReach(Addition):
    def threshold(self, difficulty):
        return 1.0

    def competence(self, loss, token_accuracy, sequence_accuracy):
        return 0.99 * sequence_accuracy


FAKES = {
    "inputs_targets_and_times_are_aligned": (
        TargetsShiftedByOne(),
        InputsLagBehind(),
        TimesRunBackwards(),
        ScoredWithoutATime(),
        *(question_of_another_row(kind) for kind in (Parity, ListOps, ModularArithmetic, Lego)),
        NoisierThanItSays(),
        LabelsOtherThanItExpects(),
    ),
    "symbols_name_every_token": (SharedSymbols(),),
    "described": (Nameless(), NoAxis(), MasteredByNobody()),
    "batches_have_the_right_shape": (TooFewSequences(),),
    "tokens_are_in_the_vocabulary": (OutOfVocabulary(),),
    "every_sequence_has_a_target": (NoTargets(),),
    "same_generator_same_batch": (Remembers(),),
    "other_generator_other_batch": (IgnoresTheGenerator(),),
    "global_generator_untouched": (SeedsGlobally(),),
    "competence_is_bounded_and_monotone": (FallingCompetence(), OutOfReach()),
    "beyond_is_out_of_the_taught_range": (BeyondIsTaught(),),
}


@pytest.mark.parametrize("law", [law.__name__ for law in TASK_LAWS])
def test_a_broken_fake_fails_the_law_by_name(law):
    for fake in FAKES[law]:
        with pytest.raises(AssertionError, match=f"^{law}: "):
            check_task(fake)


def test_a_sound_task_passes():
    check_task(replace(Addition(), digits=(1, 2)))
