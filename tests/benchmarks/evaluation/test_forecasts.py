"""Free-running forecasts judged as the field judges them, on models whose forecasts are known."""

import numpy as np
import pytest
import torch
from torch import nn

import envs
from benchmarks.evaluation import forecasts
from benchmarks.evaluation.forecasts import LEVELS
from envs import Split
from envs.tasks import Copy, Forecast
from student import TorchStudent

SERIES = np.tile([1.0, 2.0, 4.0, 3.0], 300)


class Shifts(nn.Module):
    """Surely predicts the token that came ``lag - 1`` places before the current one (lag 1: the current one)."""

    def __init__(self, vocab_size, lag):
        super().__init__()
        self.vocab_size, self.lag = vocab_size, lag
        self.scale = nn.Parameter(torch.tensor(1000.0))

    def forward(self, tokens):
        earlier = tokens.roll(self.lag - 1, dims=1)
        return self.scale * nn.functional.one_hot(earlier, self.vocab_size).float()


@pytest.fixture
def suite():
    task = Forecast(SERIES, granularities=(1,), horizons=(4, 8), contexts=(8,), num_bins=301, goal_nats=0.5)
    return envs.Suite([task, Copy(lengths=(2,))], lambda name, d: d.get("horizon") == 8, "series")


def forecast_errors(suite, student):
    return forecasts.forecast_errors(suite, student, windows=16, paths=5)


def student(lag):
    learner = TorchStudent(lambda: Shifts(301, lag))
    learner.reset([0])
    return learner


def test_a_model_that_knows_the_period_forecasts_without_error(suite):
    found = forecast_errors(suite, student(4))
    assert found["mase"] < 0.01 and found["pinball"] < 0.01  # the width of a bin


def test_repeating_the_last_value_errs_by_the_naive_error(suite):
    found = forecast_errors(suite, student(1))
    task = suite.tasks[0]
    drawn = task.forecast_windows(
        {"granularity": 1, "horizon": 8, "context": 8}, Split.TEST, 16, np.random.default_rng(0)
    )
    missed = np.abs(drawn.future - drawn.context[:, -1:])
    naive = np.abs(np.diff(SERIES[:840])).mean()  # TRAIN is the first 70 %
    assert found["mase"] == pytest.approx(missed.mean() / naive, rel=0.01)
    # All quantiles are that one value: the pinball loss is then half the absolute error on average over levels.
    assert LEVELS.mean() == pytest.approx(0.5)
    assert found["pinball"] == pytest.approx(missed.mean() / 2 / naive, rel=0.1)


def test_every_forecast_arm_is_listed_and_targets_are_averaged(suite):
    found = forecast_errors(suite, student(1))
    assert [arm["target"] for arm in found["arms"]] == [False, True, False, False]  # two taught, two beyond
    assert found["mase"] == found["arms"][1]["mase"]
    assert found == forecast_errors(suite, student(1))


def test_there_is_nothing_to_judge_without_forecasts_or_without_torch(suite):
    copying = envs.Suite([Copy(lengths=(2,))])
    assert forecast_errors(copying, student(1)) is None
    assert forecast_errors(suite, envs.ScriptedStudent(suite)) is None
