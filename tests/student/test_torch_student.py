import numpy as np
import pytest
import torch
from torch import nn

from envs import IGNORE, Batch, Split, stack
from student import LSTM, TorchStudent
from student.learner import fixed_algorithms


def batch(suite, arm=1, index=0, size=8):
    return stack([suite.batch(arm, index, 0, Split.TRAIN, size)])


def started(make=lambda: LSTM(12, 16), **options):
    student = TorchStudent(make, **options)
    student.reset(list(range(student.num_learners)))
    return student


def test_one_step_equals_the_bare_training_loop(suite):
    """The oracle: the loop that everybody writes."""
    student = started(clip=0.05, learning_rate=0.01)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LSTM(12, 16)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for index in range(5):
        data = batch(suite, index=index)
        scores = student.train(data)
        logits = model(torch.from_numpy(data.tokens[0]))
        targets = torch.from_numpy(data.targets[0])
        loss = nn.functional.cross_entropy(logits.transpose(1, 2), targets)
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 0.05)
        optimizer.step()
        assert scores.loss.mean() == pytest.approx(loss.item(), abs=1e-5)
        assert scores.gradient_norm[0] == pytest.approx(norm.item(), rel=1e-4)
        right = (logits.argmax(-1) == targets) | (targets == IGNORE)
        np.testing.assert_array_equal(scores.sequence_accuracy[0], right.all(1).numpy())
    for ours, theirs in zip(student.models[0].parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_token_accuracy_counts_scored_positions_only(suite):
    class Echo(nn.Module):
        """Predicts the token itself."""

        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))

        def forward(self, tokens):
            return self.scale * nn.functional.one_hot(tokens, 12).float()

    tokens = np.array([[1, 2, 3, 4], [5, 6, 7, 8]])
    targets = np.array([[IGNORE, 2, 0, 4], [5, 6, 7, 8]])
    scores = started(Echo).evaluate(stack([Batch(tokens, targets)]))
    np.testing.assert_allclose(scores.token_accuracy, [[2 / 3, 1]])
    assert scores.sequence_accuracy.tolist() == [[0, 1]]


def test_dropout_draws_another_mask_at_every_step(suite):
    class Drops(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.drop, self.masks = nn.Embedding(12, 12), nn.Dropout(0.5), []

        def forward(self, tokens):
            self.masks.append(self.drop(torch.ones(64)))
            return self.embed(tokens)

    student = started(Drops)
    for _ in range(2):
        student.train(batch(suite))
    first, second = student.models[0].masks
    assert not torch.equal(first, second)


def test_a_sequence_of_weight_zero_moves_nothing(suite):
    data = suite.batch(1, 0, 0, Split.TRAIN, 2)
    other = suite.batch(1, 1, 0, Split.TRAIN, 2)
    weights = np.array([1.0, 0.0])
    states = []
    for second in (data.tokens[1], other.tokens[1]):
        student = started()
        tokens = np.stack([data.tokens[0], second])
        student.train(stack([Batch(tokens, data.targets, None, weights)]))
        states.append(student.models[0].read.weight.detach().clone())
    torch.testing.assert_close(*states, rtol=0, atol=1e-7)


def test_logits_of_another_shape_are_refused(suite):
    for module, got in (
        (nn.Embedding(12, 5), r"got \(8, 8, 5\)"),
        (nn.Sequential(nn.Embedding(12, 12), nn.Flatten()), r"got \(8, 96\)"),
    ):
        with pytest.raises(ValueError, match=rf"tokens \(B, T\) = \(8, 8\) to logits \(B, T, V\).*{got}"):
            started(lambda module=module: module).train(batch(suite))


def test_evaluation_in_chunks_gives_the_same_scores(suite, monkeypatch):
    student, data = started(), batch(suite, size=50)
    whole = student.evaluate(data)
    monkeypatch.setattr("student.learner._CHUNK_TOKENS", 64)
    parts = student.evaluate(data)
    np.testing.assert_allclose(parts.loss, whole.loss, atol=1e-6)
    assert parts.loss.shape == (1, 50)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_learners": 0}, "num_learners must be at least 1"),
        ({"optimizer": "rmsprop"}, "optimizer must be one of adam, adamw, sgd; got 'rmsprop'"),
        ({"learning_rate": 0}, "learning_rate and clip must be above 0"),
        ({"clip": -1}, "got learning_rate=0.001, clip=-1"),
        ({"backend": "stacked"}, "backend must be looped"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        TorchStudent(lambda: LSTM(12), **options)


def test_a_module_without_parameters_and_wrong_seeds_are_refused():
    with pytest.raises(ValueError, match="without a trainable parameter"):
        started(nn.Identity)
    with pytest.raises(ValueError, match="needs 2 seeds"):
        TorchStudent(lambda: LSTM(12), 2).reset([0])
    with pytest.raises(ValueError, match="of 1 learners; this student has 2"):
        TorchStudent(lambda: LSTM(12), 2).load_state_dict(started().state_dict())


def test_on_a_gpu_cudnn_keeps_to_algorithms_that_repeat():
    """Seen on one: with cuDNN's own choice a TCN broke the laws of repeating and resuming (`make check-gpu`)."""
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    with fixed_algorithms(torch.device("cuda")):
        assert (cudnn.deterministic, cudnn.benchmark) == (True, False)
    assert (cudnn.deterministic, cudnn.benchmark) == before
    with fixed_algorithms(torch.device("cpu")):
        assert (cudnn.deterministic, cudnn.benchmark) == before
