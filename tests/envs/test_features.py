import numpy as np

import envs
from envs.features import ArmFeatures, Layout
from envs.simulated import SimulatedStudents


def features(suite, num_envs=2):
    return ArmFeatures(Layout.of(suite.arms), num_envs, float(np.log(suite.vocab_size)), suite.arms.axes)


def column(observed, suite, name):
    return observed[..., suite.arms.features.index(name)]


def test_averages_move_by_hand(suite):
    f = features(suite, 1)
    count = np.array([[10, 0, 0]])
    for competence in (0.5, 1.0):
        f.update(np.array([[competence, 9, 9]]), np.full((1, 3), np.log(12) / 2), count, 0.005)
    seen = f.observe(0.25)
    np.testing.assert_allclose(
        column(seen, suite, "competence_fast"), [[0.5 + (1 - np.exp(-0.5)) * 0.5, 0, 0]], rtol=1e-6
    )
    np.testing.assert_allclose(
        column(seen, suite, "competence_slow"), [[0.5 + (1 - np.exp(-0.1)) * 0.5, 0, 0]], rtol=1e-6
    )
    np.testing.assert_allclose(column(seen, suite, "loss_fast"), [[0.5, 1, 1]], rtol=1e-6)
    np.testing.assert_allclose(column(seen, suite, "staleness"), [[0, *[1 - np.exp(-0.2)] * 2]], rtol=1e-5)
    np.testing.assert_allclose(column(seen, suite, "visit_share"), [[1, 0, 0]])
    np.testing.assert_allclose(column(seen, suite, "coordinate_digits"), [[0, 0.5, 1]])
    assert (column(seen, suite, "budget_used") == 0.25).all()
    np.testing.assert_allclose(column(seen, suite, "arms_visited"), 1 / 3, rtol=1e-6)


def test_stays_within_its_bounds_whatever_comes(suite):
    f = features(suite)
    rng = np.random.default_rng(0)
    for _ in range(50):
        loss = rng.exponential(50, (2, 3))
        f.update(rng.random((2, 3)), loss, rng.integers(0, 3, (2, 3)), 0.02)
        seen = f.observe(rng.random())
        assert seen.dtype == np.float32 and (seen >= f.low).all() and (seen <= f.high).all()


def test_state_goes_on_exactly(suite):
    a, b = features(suite), features(suite)
    values = np.random.default_rng(0).random((2, 3))
    a.update(values, values, np.ones((2, 3), dtype=int), 0.1)
    b.load_state_dict(a.state_dict())
    for f in (a, b):
        f.update(values / 2, values, np.ones((2, 3), dtype=int), 0.1)
    np.testing.assert_array_equal(a.observe(0.5), b.observe(0.5))


def test_some_rows_are_observed_as_among_all():
    rng = np.random.default_rng(0)
    env = SimulatedStudents(6)
    env.reset(seed=0)
    for _ in range(5):
        env.step(rng.random((6, env.single_action_space.shape[0])))
    used = rng.random(6)
    rows = np.array([True, False, True, True, False, False])
    some = env._features.observe(used[rows], rows)
    np.testing.assert_array_equal(some, env._features.observe(used)[rows])


def test_logarithms_and_reach_by_hand():
    """Two axes: an arm is within reach as far as the less attained of its two easier ones."""
    suite = envs.Suite([envs.AdditionGrid(first=(1, 2), second=(1, 2))])
    f = ArmFeatures(Layout.of(suite.arms), 1, 2.0, suite.arms.axes)
    competence = np.array([[0.9, 0.2, 0.5, 0.3]])  # the last one is nearer than its less attained neighbour
    f.update(competence, np.array([[0.02, 1.0, 2.0, 4.0]]), np.full((1, 4), 10), 0.01)
    f.update(competence, np.array([[0.01, 0.5, 1.0, 2.0]]), np.full((1, 4), 10), 0.01)
    seen = f.observe(0.5)[0]
    fast = np.array([0.02, 1.0, 2.0, 4.0]) * (1 - 0.5 * (1 - np.exp(-1)))  # a constant has passed since the first

    def logarithm(values):
        return 1 + np.log(np.maximum(values, 0.003)) / -np.log(0.003)

    def shown(name):
        return seen[:, suite.arms.features.index(name)]

    attained = np.minimum(competence[0] / suite.arms.thresholds, 1)
    np.testing.assert_allclose(shown("log_shortfall"), logarithm(1 - attained), atol=1e-6)
    np.testing.assert_allclose(shown("log_error"), logarithm(1 - competence[0]), atol=1e-6)
    np.testing.assert_allclose(shown("log_loss"), logarithm(fast / 4), atol=1e-6)
    reach = [1.0, attained[0], attained[0], attained[3]]
    assert attained[1] < attained[3] < attained[2]
    np.testing.assert_allclose(shown("log_reach"), logarithm(np.array(reach)), atol=1e-6)
