import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from envs import CurriculumVectorEnv, Split, stack
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
