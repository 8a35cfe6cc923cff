import math

import numpy as np
import pytest
from teacher_support import act, chain, learn, seen, started

from teacher import Pacing, SequenceLengthWarmup

ARMS = chain(6, levels=[0, 1, 1, 2, 3, 3])
DIFFICULTY = [1 / 6, 3 / 6, 3 / 6, 4 / 6, 1, 1]
"""The share of arms that are at most as hard, by counting."""


def walk(taught, decisions, arms=ARMS, num_envs=2):
    """The mixtures of successive decisions, of one row; feedback is random and must not matter."""
    started(taught, arms, num_envs)
    rng, mixtures = np.random.default_rng(0), []
    for _ in range(decisions):
        p = act(taught, num_envs, arms.num_arms)
        assert (p == p[0]).all()
        mixtures.append(p[0])
        count = rng.integers(0, 9, p.shape)
        learn(taught, seen(count, gain=rng.normal(size=p.shape), competence=rng.random(p.shape)))
    return mixtures


def platanios(t, total, root, start):
    """Eq. 8 of Platanios et al. (2019), as printed."""
    return min(1.0, (t * (1 - start**root) / total + start**root) ** (1 / root))


@pytest.mark.parametrize("root", [1.0, 2.0, 5.0])
@pytest.mark.parametrize("start", [0.01, 0.3, 1.0])
def test_pacing_is_uniform_over_what_the_clock_allows(root, start):
    for t, p in enumerate(walk(Pacing(decisions=40, root=root, start=start), 60)):
        competence = platanios(t, 40, root, start)
        allowed = [d <= competence + 1e-9 or d == min(DIFFICULTY) for d in DIFFICULTY]
        np.testing.assert_allclose(p, np.array(allowed) / sum(allowed), err_msg=f"decision {t}")


def test_pacing_by_hand():
    """T = 100, c0 = 0.01: c(25) = sqrt(0.25 x 0.9999 + 0.0001) = 0.50007, so half of the arms; c(24) is below it."""
    mixtures = walk(Pacing(decisions=100), 102)
    assert mixtures[0].tolist() == [1, 0, 0, 0, 0, 0] == mixtures[24].tolist()
    np.testing.assert_allclose(mixtures[25], [1 / 3, 1 / 3, 1 / 3, 0, 0, 0])
    np.testing.assert_allclose(mixtures[45], [0.25, 0.25, 0.25, 0.25, 0, 0])
    assert (mixtures[99][4:] == 0).all()
    np.testing.assert_allclose(mixtures[100], [1 / 6] * 6)
    assert Pacing(decisions=100).competence(25) == pytest.approx(math.sqrt(0.25 * 0.9999 + 0.0001))


def test_the_pace_is_shown():
    taught = started(Pacing(decisions=10, root=1.0, start=0.5), 4, 3)
    learn(taught, seen(np.zeros((3, 4))))
    assert taught.diagnostics()["pace"].tolist() == [pytest.approx(0.55)] * 3


@pytest.mark.parametrize("root", [1.0, 2.0])
@pytest.mark.parametrize("decisions", [1, 7, 30])
def test_warm_up_goes_up_the_levels_by_the_clock(root, decisions):
    for t, p in enumerate(walk(SequenceLengthWarmup(decisions=decisions, root=root), 40)):
        level = math.floor(min(1, t / decisions) ** (1 / root) * 3 + 1e-9)
        on_it = [number == level for number in ARMS.levels]
        np.testing.assert_allclose(p, np.array(on_it) / sum(on_it), err_msg=f"decision {t}")


def test_warm_up_by_hand():
    """Four levels in 30 decisions: a new one at 10, 20 and 30."""
    mixtures = walk(SequenceLengthWarmup(decisions=30), 40)
    first = [next(t for t, p in enumerate(mixtures) if p[arm] > 0) for arm in range(6)]
    assert first == [0, 10, 10, 20, 30, 30]
    assert mixtures[29].tolist() == [0, 0, 0, 1, 0, 0] and mixtures[39].tolist() == [0, 0, 0, 0, 0.5, 0.5]


def test_the_stage_is_shown():
    taught = started(SequenceLengthWarmup(decisions=2), 3, 2)
    learn(taught, seen(np.zeros((2, 3))))
    assert taught.diagnostics()["stage"].tolist() == [1, 1]


@pytest.mark.parametrize("make", [Pacing, SequenceLengthWarmup])
@pytest.mark.parametrize("options", [{"decisions": 0}, {"root": 0.0}, {"root": float("inf")}, {"root": float("nan")}])
def test_clocks_out_of_range_are_refused(make, options):
    with pytest.raises(ValueError, match="decisions must be at least 1 and root above 0; got decisions="):
        make(**options)


@pytest.mark.parametrize("start", [0.0, 1.5])
def test_a_start_out_of_range_is_refused(start):
    with pytest.raises(ValueError, match=rf"start must be in \(0, 1\]; got {start}"):
        Pacing(start=start)
