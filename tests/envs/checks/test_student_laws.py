"""Every law of a student catches a fake that breaks it, and names it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from envs import Batch, Scores, ScriptedStudent, stack
from envs.checks import STUDENT_LAWS, check_student
from student import LSTM, TorchStudent


class WrongShape(ScriptedStudent):
    def evaluate(self, batch):
        scores = super().evaluate(batch)
        return Scores(scores.loss.mean(axis=1), scores.token_accuracy, scores.sequence_accuracy)


class EvaluateTrains(ScriptedStudent):
    def evaluate(self, batch):
        scores = super().evaluate(batch)
        self.skills = np.minimum(1, self.skills + 1e-3)
        return scores


class ScoresAfterTheStep(ScriptedStudent):
    def train(self, batch):
        norm = super().train(batch).gradient_norm
        after = self.evaluate(batch)
        return Scores(after.loss, after.token_accuracy, after.sequence_accuracy, norm)


class IgnoresReset(ScriptedStudent):
    started = False

    def reset(self, seeds):
        if not self.started:
            super().reset(seeds)
        self.started = True


class TruthySeed(ScriptedStudent):
    def reset(self, seeds):
        super().reset([seed or 1 for seed in seeds])


class SeedsGlobally(ScriptedStudent):
    def reset(self, seeds):
        np.random.seed(seeds[0])  # noqa: NPY002
        super().reset(seeds)


class Leaning(ScriptedStudent):
    """Each learner learns from the whole cohort's success."""

    def train(self, batch):
        scores = super().train(batch)
        self.skills = np.minimum(1, self.skills + 0.01 * self.skills.mean())
        return scores


class ForgetsOnResume(ScriptedStudent):
    def load_state_dict(self, state):
        self.skills = state["skills"].round(1)


class SharesItsState(ScriptedStudent):
    def state_dict(self):
        return {"skills": self.skills}

    def train(self, batch):
        before = self.skills
        scores = super().train(batch)
        before[:] = self.skills
        self.skills = before
        return scores


class NeverSteps(ScriptedStudent):
    def train(self, batch):
        before, scores = self.skills.copy(), super().train(batch)
        self.skills = before
        return scores


class LooksAhead(torch.nn.Module):
    """A bidirectional LSTM."""

    def __init__(self):
        super().__init__()
        self.embed, self.recur = torch.nn.Embedding(12, 8), torch.nn.LSTM(8, 8, batch_first=True, bidirectional=True)
        self.read = torch.nn.Linear(16, 12)

    def forward(self, tokens):
        return self.read(self.recur(self.embed(tokens))[0])


class CountsPadding(ScriptedStudent):
    def evaluate(self, batch):
        scores = super().evaluate(batch)
        return Scores(scores.loss + batch.tokens.shape[-1], scores.token_accuracy, scores.sequence_accuracy)


def scripted(kind):
    return lambda suite: lambda num_learners: kind(suite, num_learners)


class MeanOfTheBatch(ScriptedStudent):
    def evaluate(self, batch):
        scores = super().evaluate(batch)
        mean = np.broadcast_to(scores.loss.mean(axis=1, keepdims=True), scores.loss.shape)
        return Scores(mean, scores.token_accuracy, scores.sequence_accuracy)


class IgnoresWeights(ScriptedStudent):
    def train(self, batch):
        return super().train(Batch(batch.tokens, batch.targets, batch.arms, None, batch.widths))


class CountsPaddingInAccuracy(ScriptedStudent):
    def evaluate(self, batch):
        scores = super().evaluate(batch)
        share = (batch.targets != -100).mean(axis=-1)
        return Scores(scores.loss, scores.token_accuracy * share, scores.sequence_accuracy)


def scripted_skilled(kind):
    """Accuracies above zero from the start, so that a wrong denominator shows."""
    return lambda suite: lambda num_learners: kind(suite, num_learners, spread=0.9)


FAKES = {
    "scores_are_per_sequence": scripted(MeanOfTheBatch),
    "weights_scale_the_loss": scripted(IgnoresWeights),
    "scores_have_the_right_shape": scripted(WrongShape),
    "evaluate_has_no_side_effect": scripted(EvaluateTrains),
    "train_scores_before_the_step": scripted(ScoresAfterTheStep),
    "same_seed_same_lifetime": scripted(IgnoresReset),
    "other_seed_other_lifetime": scripted(TruthySeed),
    "global_generators_untouched": scripted(SeedsGlobally),
    "learners_are_independent": scripted(Leaning),
    "stop_and_resume_is_exact": scripted(ForgetsOnResume),
    "state_is_a_copy": scripted(SharesItsState),
    "no_leak_from_the_future": lambda suite: lambda num_learners: TorchStudent(LooksAhead, num_learners),
    "padding_changes_nothing": scripted(CountsPadding),
    "training_lowers_the_loss": scripted(NeverSteps),
}


@pytest.mark.parametrize("law", [law.__name__ for law in STUDENT_LAWS])
def test_a_broken_fake_fails_the_law_by_name(law, suite):
    with pytest.raises(AssertionError, match=f"^{law}: "):
        check_student(FAKES[law](suite), suite)


def test_accuracies_that_count_padding_are_caught(suite):
    with pytest.raises(AssertionError, match=r"padding_changes_nothing: |scores_are_per_sequence: "):
        check_student(scripted_skilled(CountsPaddingInAccuracy)(suite), suite)


def test_a_torch_student_without_its_own_random_stream_is_caught(suite):
    """Dropout that draws from the global stream: resume is not exact, and the global stream moves."""

    class Leaky(TorchStudent):
        def train(self, batch):
            torch.rand(1)
            return super().train(batch)

    with pytest.raises(AssertionError, match="global_generators_untouched: "):
        check_student(lambda num_learners: Leaky(lambda: LSTM(12, 8), num_learners), suite)


def test_a_cohort_that_clips_gradients_together_is_caught(suite):
    class ClipsTogether(TorchStudent):
        """The gradient of the whole cohort is scaled to the norm, not each learner's own."""

        def train(self, batch):
            before = self.state_dict()
            norms = super().train(batch).gradient_norm  # a dry step, for the norms
            self.load_state_dict(before)
            for learner, norm in zip(self._learners, norms, strict=True):
                joint = min(1.0, 1.0 / np.sqrt((norms**2).sum())) * norm
                learner._training = replace(self.training, clip=float(joint))
            return super().train(batch)

    def make(num_learners):
        return ClipsTogether(lambda: LSTM(12, 8), num_learners)

    with pytest.raises(AssertionError, match="learners_are_independent: "):
        check_student(make, suite)


def test_a_batch_without_arms_is_no_reason_to_fail_for_a_torch_student():
    student = TorchStudent(lambda: LSTM(12, 8))
    student.reset([0])
    tokens = np.ones((2, 4), dtype=np.int64)
    assert np.isfinite(student.train(stack([Batch(tokens, tokens)])).loss).all()
