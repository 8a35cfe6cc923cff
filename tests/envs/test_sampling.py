"""Token budgets, mixtures as loss weights, and the evenness of consecutive updates."""

import numpy as np
import pytest

import envs
from envs import CurriculumVectorEnv, Scores, ScriptedStudent
from envs.curriculum.sampling import Evenness


class Seeing(ScriptedStudent):
    """Keeps what it was trained on, and reports step lengths 1, 2, 1, 2, ..."""

    def reset(self, seeds):
        super().reset(seeds)
        self.seen = []

    def train(self, batch):
        self.seen.append(batch)
        scores = super().train(batch)
        norm = np.full(self.num_learners, 1.0 + len(self.seen) % 2)
        return Scores(
            scores.loss, scores.token_accuracy, scores.sequence_accuracy, scores.gradient_norm, {"update_norm": norm}
        )


def made(num_learners=1, **options):
    suite = envs.Suite([envs.Copy(lengths=(2, 4, 16))])
    env = CurriculumVectorEnv(suite, Seeing(suite, num_learners), **options)
    env.reset(seed=0)
    return env


def test_a_token_budget_holds_sequences_times_length_constant():
    env = made(tokens_per_update=256, batch_size=7)
    for arm, (rows, width) in enumerate([(64, 4), (32, 8), (8, 32)]):
        env.student.seen.clear()
        info = env.step(np.eye(3)[[arm]])[4]
        assert {batch.tokens.shape for batch in env.student.seen} == {(1, rows, width)}
        assert info["count"][0, arm] == 10 * rows
        assert info["token_ratio"][0] == 1
    even = made(batch_size=8)
    even.step(np.eye(3)[[0]])
    assert even.step(np.eye(3)[[2]])[4]["token_ratio"][0] == 8  # length 4 to 32 at a constant batch size


def test_a_sequence_longer_than_the_token_budget_is_still_trained_on():
    env = made(tokens_per_update=5)
    env.step(np.eye(3)[[2]])
    assert env.student.seen[0].tokens.shape == (1, 1, 32)


def test_the_mixture_as_loss_weights_leaves_the_drawing_uniform():
    env = made(weighting="loss", redraw="sequence", batch_size=300)
    env.step(np.array([[0.0, 0.25, 0.75]]))
    batch = env.student.seen[0]
    counts = np.bincount(batch.arms[0], minlength=3)
    assert (counts > 70).all()  # uniform: 100 each
    np.testing.assert_allclose(batch.weights[0], np.array([0, 0.75, 2.25])[batch.arms[0]])


def test_loss_weights_of_suite_and_teacher_multiply():
    suite = envs.Suite([envs.Copy(lengths=(2, 4))], weights=lambda name, d: 0.5 if d["length"] == 2 else 1.0)
    env = CurriculumVectorEnv(suite, Seeing(suite), weighting="loss", redraw="sequence", batch_size=50)
    env.reset(seed=0)
    env.step(np.array([[0.25, 0.75]]))
    batch = env.student.seen[0]
    np.testing.assert_allclose(batch.weights[0], np.array([0.5 * 0.5, 1.5])[batch.arms[0]])


def test_the_largest_step_to_step_ratio_spans_decisions_and_goes_both_ways():
    evenness = Evenness(2)
    tokens, norms = evenness.take(np.array([[10.0, 10], [20, 10]]), np.array([[1.0, 0], [1, 0]]))
    assert tokens.tolist() == [2, 1] and norms.tolist() == [1, 0]
    tokens, norms = evenness.take(np.array([[5.0, 30]]), np.array([[3.0, 2]]))
    assert tokens.tolist() == [4, 3] and norms.tolist() == [3, 0]


def test_the_environment_reports_the_ratio_of_step_lengths_and_resumes_it():
    env = made()
    assert env.step(np.ones((1, 3)))[4]["update_ratio"][0] == 2
    other = made()
    state = env.state_dict()
    other.load_state_dict(state)
    np.testing.assert_array_equal(other.state_dict()["last_update"], state["last_update"])
    assert state["last_update"][1, 0] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokens_per_update": 0}, "tokens_per_update must be at least 1; got 0"),
        ({"tokens_per_update": 64, "redraw": "sequence"}, "tokens_per_update needs updates of one arm"),
        ({"tokens_per_update": 64, "num_learners": 2}, "needs one learner per environment; got 2"),
        ({"weighting": "loss"}, "weighting='loss' weighs the sequences of an update: it needs redraw='sequence'"),
        ({"weighting": "both"}, "weighting must be one of draw, loss; got 'both'"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        made(**options)
