import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from envs import Batch, CurriculumVectorEnv, Split, stack
from envs.checks import check_student
from student import LSTM, TorchStudent, Variational


def started(**options):
    student = TorchStudent(lambda: Variational(LSTM(12, 8), **options), learning_rate=0.01)
    student.reset([0])
    return student


def batch(suite, index=0):
    return stack([suite.batch(1, index, 0, Split.TRAIN, 8)])


def test_complexity_is_the_divergence_from_the_prior():
    torch.manual_seed(0)
    model = Variational(LSTM(12, 8), deviation=0.05)
    means = torch.cat([p.flatten() for p in model.model.parameters()])
    deviations = torch.nn.functional.softplus(torch.cat([p.flatten() for p in model.deviations]))
    torch.testing.assert_close(deviations, torch.full_like(deviations, 0.05))
    prior = Normal(model.prior_mean, model.prior_log_deviation.exp())
    torch.testing.assert_close(model.complexity(), kl_divergence(Normal(means, deviations), prior).sum())


def test_weights_are_drawn_anew_in_training_and_their_means_in_evaluation():
    model = Variational(LSTM(12, 8), deviation=0.3)
    tokens = torch.zeros(2, 4, dtype=torch.int64)
    assert not torch.equal(model(tokens), model(tokens))
    model.eval()
    assert torch.equal(model(tokens), model.model(tokens))


def test_complexity_counts_in_the_loss_by_the_number_of_samples(suite):
    """Few samples: the weights cost much, and shrink towards the prior; many: they follow the data."""
    simple, free = started(num_samples=10), started(num_samples=10**7)
    for index in range(150):
        simple.train(batch(suite, index))
        free.train(batch(suite, index))
    assert simple.complexity()[0] < 0.5 * free.complexity()[0]


def test_the_slope_is_the_first_order_change_of_complexity(suite):
    """One small plain step on the loss alone moves the complexity by rate times slope."""
    student = TorchStudent(
        lambda: Variational(LSTM(12, 8), num_samples=10**9), learning_rate=1e-5, optimizer="sgd", clip=None
    )
    student.reset([3])
    model = student.models[0].double()
    before = model.complexity().item()
    slope = student.train(batch(suite)).measures["complexity_slope"][0]
    change = model.complexity().item() - before
    assert abs(slope) > 1e-3 and change == pytest.approx(1e-5 * slope, rel=0.05)


@pytest.mark.parametrize("signal", ["VCG", "GVCG"])
def test_complexity_gains_reach_the_teacher(suite, signal):
    env = CurriculumVectorEnv(suite, started(), signal=signal, redraw="decision", budget=40, batch_size=8)
    env.reset(seed=0)
    gains = [env.step(np.eye(3)[[0]])[4]["gain"][0] for _ in range(3)]
    assert all(gain[0] != 0 and (gain[1:] == 0).all() for gain in gains)
    if signal == "VCG":
        total = env.student.complexity()[0]
        fresh = TorchStudent(lambda: Variational(LSTM(12, 8)), learning_rate=0.01)
        fresh.reset([0])
        assert sum(gain[0] for gain in gains) == pytest.approx(total - fresh.complexity()[0], rel=1e-6)


def test_keeps_the_laws_of_a_student(suite):
    check_student(lambda n: TorchStudent(lambda: Variational(LSTM(12, 16), 10**6, 0.001), n), suite)


def test_a_module_without_uncertainty_has_no_complexity():
    student = TorchStudent(lambda: LSTM(12, 8))
    student.reset([0])
    with pytest.raises(ValueError, match=r"student.Variational\(model\); got LSTM"):
        student.complexity()
    with pytest.raises(ValueError, match=r"num_samples must be at least 1 and deviation above 0; got 0 and 0.01"):
        Variational(LSTM(12, 8), num_samples=0)


def test_the_cost_of_the_weights_is_per_sample_whatever_its_length(suite):
    """The oracle: the gradient of (summed loss of the batch / B + KL / S) / targets per sample, by hand."""
    data = suite.batch(2, 0, 0, Split.TRAIN, 8)  # four targets a sample
    student = TorchStudent(
        lambda: Variational(LSTM(12, 8), num_samples=50, deviation=1e-6), optimizer="sgd", learning_rate=0.1, clip=None
    )
    student.reset([0])
    model = student.models[0]
    torch.manual_seed(0)
    logits = model(torch.from_numpy(data.tokens)).flatten(0, 1)
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(data.targets).flatten(), reduction="sum")
    objective = (loss / 8 + model.complexity() / 50) / 4
    slopes = torch.autograd.grad(objective, list(model.parameters()), allow_unused=True)
    expected = [p.detach() - 0.1 * g for p, g in zip(model.parameters(), slopes, strict=True)]
    scores = student.train(stack([data]))
    for ours, theirs in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)
    assert scores.gradient_norm[0] < 5  # of the loss alone; the complexity's is far larger at this deviation


def test_an_uncertain_model_streams_as_its_module_does():
    model = Variational(LSTM(12, 8), deviation=0.3)
    tokens = torch.randint(0, 12, (2, 5))
    assert model.vocab_size == 12
    drawn = [model.resume(tokens, model.start(2))[0] for _ in range(2)]
    assert not torch.equal(*drawn)  # weights are drawn for each call in training
    model.eval()
    torch.testing.assert_close(model.resume(tokens, model.start(2))[0], model(tokens))
    assert not hasattr(Variational(torch.nn.Embedding(3, 3)), "resume")
    truncated = TorchStudent(lambda: Variational(LSTM(12, 8)), truncate=3)
    truncated.reset([0])
    scores = truncated.train(stack([Batch(np.ones((2, 8), dtype=np.int64), np.ones((2, 8), dtype=np.int64))]))
    assert np.isfinite(scores.loss).all()
