import dataclasses

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.env_checker import check_env as sb3_check_env

import envs
import teacher
from envs.features import ARM_FEATURES, ArmFeatures, Layout
from envs.simulated import Population, SimulatedStudent, SimulatedStudents, draw_lifetimes
from envs.simulated.dynamics import competence
from envs.simulated.structure import coordinates, levels

SHORT = Population(decisions=(5, 12), num_arms=(2, 6))


def one_hot(rng, env):
    arm = (rng.random(env.num_envs) * env.lifetimes.structure.exists.sum(axis=1)).astype(int)
    return np.eye(env.single_action_space.shape[0])[arm]


def played(env, steps, seed=0):
    rng = np.random.default_rng(seed)
    return [env.step(one_hot(rng, env)) for _ in range(steps)]


@pytest.mark.parametrize("settings", [{}, {"reward": "progress"}, {"reward": "terminal"}, {"population": SHORT}])
def test_both_checkers_are_silent(settings):
    check_env(SimulatedStudent(**settings), skip_render_check=True)
    sb3_check_env(SimulatedStudent(**settings), warn=False)


def test_gymnasium_makes_it():
    env = gymnasium.make("paceline/SimulatedStudents-v0")
    obs, _ = env.reset(seed=0)
    assert obs in env.observation_space
    many = gymnasium.make_vec("paceline/SimulatedStudents-v0", num_envs=7, vectorization_mode="vector_entry_point")
    assert many.reset(seed=0)[0].shape[0] == 7 and many.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP


def test_observations_stay_in_their_space_and_padding_is_zero():
    env = SimulatedStudents(64, SHORT)
    obs, _ = env.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(40):
        obs, reward, *_ = env.step(one_hot(rng, env))
        assert obs in env.observation_space and np.isfinite(reward).all()
        assert (obs[~env.lifetimes.structure.exists] == 0).all()
        exists = env.feature_names.index("exists")
        np.testing.assert_array_equal(obs[..., exists] == 1, env.lifetimes.structure.exists)


def as_told(suite):
    """Simulated lifetimes of which the teacher is told what it is told of a suite."""
    arms = suite.arms
    population = Population(num_arms=(arms.num_arms, arms.num_arms), decisions=(20, 20), auxiliary=0.0)
    lives = draw_lifetimes(np.random.default_rng(0), 1, population)
    inner = lives.structure
    inner.task[0], inner.position[0, :, : arms.positions.shape[1]] = arms.tasks, arms.positions
    inner.position[0, :, arms.positions.shape[1] :] = -1
    inner.easier[0] = -1
    inner.easier[0, :, : arms.easier.shape[1]] = arms.easier
    lives.thresholds[0] = arms.thresholds
    inner.coordinates[:] = coordinates(inner.exists, inner.task, inner.position)
    inner.level[:] = levels(inner.exists, inner.coordinates)
    return lives


@pytest.mark.parametrize(
    "suite",
    [
        envs.Suite([envs.AdditionGrid(first=(1, 2), second=(1, 2, 3))]),
        envs.Suite([envs.Copy(lengths=(1, 2, 3)), envs.Copy(lengths=(1, 2, 3, 4), name="longer")]),
        envs.Suite([envs.Addition(digits=(1, 2, 3, 4))]),
        envs.Suite([envs.Reordered(envs.Addition(digits=(1, 2, 3, 4)), "wrong")]),
    ],
)
def test_the_observation_is_the_real_ones_feature_by_feature(suite):
    real = ArmFeatures(Layout.of(suite.arms), 1, 1.0, suite.arms.axes)
    simulated = ArmFeatures(as_told(suite).layout(), 1, 1.0, ("first", "second"))
    rng, num_shared = np.random.default_rng(0), len(ARM_FEATURES)
    for step in range(8):
        count = rng.integers(0, 3, (1, suite.num_arms)) * 64
        competence, loss = rng.random((2, 1, suite.num_arms))
        for features in (real, simulated):
            features.update(competence, loss, count, 0.05)
        np.testing.assert_array_equal(
            real.observe(0.05 * step)[..., :num_shared], simulated.observe(0.05 * step)[..., :num_shared]
        )
        np.testing.assert_array_equal(real.observe(0)[..., num_shared], simulated.observe(0)[..., num_shared])


def test_padding_changes_nothing():
    """The same lifetimes with and without padding, noise and mixtures alike: progress, competence and features."""
    calm = Population(num_arms=(3, 9), rate_noise=(0, 0), capacity=1.0, decisions=(30, 40), restlessness=(1e-9, 1e-9))
    lives = draw_lifetimes(np.random.default_rng(0), 40, dataclasses.replace(calm, spikes=0.0))
    rng = np.random.default_rng(1)
    for k in range(40):
        num_arms = int(lives.structure.exists[k].sum())
        padded = SimulatedStudents(1, lifetimes=lives.take([k]), autoreset=False, updates_per_decision=None)
        trimmed = SimulatedStudents(
            1, lifetimes=lives.take([k]).trimmed(num_arms), autoreset=False, updates_per_decision=None
        )
        padded.reset(seed=0), trimmed.reset(seed=0)
        for _ in range(10):
            if padded.finished:
                assert trimmed.finished
                break
            share = rng.dirichlet(np.ones(num_arms))[None]
            padded.step(np.pad(share, ((0, 0), (0, 9 - num_arms))))
            trimmed.step(share)
            np.testing.assert_allclose(padded._progress[:, :num_arms], trimmed._progress, rtol=1e-6)
        np.testing.assert_allclose(padded.target_competence, trimmed.target_competence, rtol=1e-5)


def test_what_is_put_on_padding_is_lost():
    lives = draw_lifetimes(np.random.default_rng(0), 300, Population(num_arms=(2, 9), rate_noise=(0, 0), spikes=0.0))
    env = SimulatedStudents(300, lifetimes=lives, autoreset=False, updates_per_decision=None)
    env.reset(seed=0)
    start = env._progress.copy()
    last = np.zeros((300, 9))
    last[:, -1] = 1.0
    env.step(last)
    exists = lives.structure.exists
    some = exists & ~exists[:, -1:]
    assert (env._progress[some] <= start[some]).all()
    expected = start * np.exp(-lives.forgetting)
    free = some & (lives.capacity == np.inf)
    np.testing.assert_allclose(env._progress[free], expected[free], rtol=1e-9)


def test_the_deployed_teacher_gives_padding_nothing():
    lives = draw_lifetimes(np.random.default_rng(0), 30, Population(num_arms=(2, 9)))
    env = SimulatedStudents(30, lifetimes=lives, autoreset=False)
    row = next(teacher.run(teacher.load_general(), env, seed=0))
    assert (row.mixture[~lives.structure.exists] == 0).all()


def test_the_reward_is_the_change_of_the_targets_competence_minus_the_cost_of_time():
    env = SimulatedStudents(200, Population(decisions=(50, 60)), time_cost=0.5)
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(30):
        before, budget = env.target_competence, env.lifetimes.decisions.copy()
        known = ((competence(env.lifetimes, env._at_hand) >= env.lifetimes.thresholds) | ~env.lifetimes.targets).all(1)
        _, reward, done, _, info = env.step(one_hot(rng, env))
        change = reward - (env.target_competence - before) + np.where(known, 0.0, 0.5 / budget)
        np.testing.assert_allclose(change[~done], 0.0, atol=1e-12)
        assert info["mastered"].shape == done.shape


def test_the_return_of_a_lifetime_is_the_competence_gained_minus_the_time_taken():
    lives = draw_lifetimes(np.random.default_rng(0), 50, SHORT)
    env = SimulatedStudents(50, lifetimes=lives, autoreset=False)
    env.reset(seed=0)
    start, last, rng, total = env.target_competence, env.target_competence, np.random.default_rng(0), np.zeros(50)
    paid = np.zeros(50)
    while not env.finished:
        running = env.ended == 0
        there = ((competence(lives, env._at_hand) >= lives.thresholds) | ~lives.targets).all(axis=1)
        paid += running & ~there
        total += np.where(running, env.step(one_hot(rng, env))[1], 0.0)
        last = np.where(running, env.target_competence, last)
    np.testing.assert_allclose(total, last - start - paid / lives.decisions, atol=1e-9)
    assert (env.mastered_at[env.ended < lives.decisions] == env.ended[env.ended < lives.decisions] - 1).all()


def test_rows_start_anew_in_the_step_in_which_they_end():
    env = SimulatedStudents(32, SHORT)
    env.reset(seed=0)
    ended = 0
    for obs, _, done, truncated, info in played(env, 30):
        assert not truncated.any()
        if done.any():
            assert (info["_final_obs"] == done).all() and all(
                info["final_obs"][k] is not None for k in np.nonzero(done)[0]
            )
            used, visited = (env.feature_names.index(name) for name in ("budget_used", "visited"))
            assert (obs[done][..., used] == 0).all() and (obs[done][..., visited] == 0).all()
            over = info["lifetime"]["decisions"][done] == info["lifetime"]["budget"][done]
            assert (over | info["lifetime"]["mastered"][done]).all()
            ended += done.sum()
    assert ended > 64


def test_same_seed_same_lifetimes_other_seed_others():
    a, b, c = (SimulatedStudents(16, SHORT) for _ in range(3))
    first, again, other = a.reset(seed=3)[0], b.reset(seed=3)[0], c.reset(seed=4)[0]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    for left, right in zip(played(a, 40), played(b, 40), strict=True):
        np.testing.assert_array_equal(left[0], right[0])
        np.testing.assert_array_equal(left[1], right[1])


def test_resets_without_a_seed_go_on_with_the_stream():
    env = SimulatedStudents(8, SHORT)
    first = env.reset(seed=0)[0]
    second = env.reset()[0]
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(env.reset(seed=0)[0], first)


@pytest.mark.parametrize("before", [3, 150])
def test_stop_and_resume_is_exact(before):
    env = SimulatedStudents(64, SHORT)
    env.reset(seed=0)
    played(env, before)
    state = env.state_dict()
    on = played(env, 40, seed=1)
    other = SimulatedStudents(64, SHORT)
    other.load_state_dict(state)
    for left, right in zip(on, played(other, 40, seed=1), strict=True):
        np.testing.assert_array_equal(left[0], right[0])
        np.testing.assert_array_equal(left[1], right[1])


def test_a_mixture_is_drawn_as_a_multinomial():
    lives = draw_lifetimes(np.random.default_rng(0), 2000, Population(num_arms=(2, 2), decisions=(50, 60)))
    env = SimulatedStudents(2000, lifetimes=lives, autoreset=False, updates_per_decision=5)
    env.reset(seed=0)
    info = env.step(np.tile([0.3, 0.7], (2000, 1)))[4]
    assert set(np.unique(info["share"])) <= {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}
    np.testing.assert_allclose(info["share"].mean(axis=0), [0.3, 0.7], atol=0.02)
    np.testing.assert_allclose(info["share"][:, 0].var(), 0.3 * 0.7 / 5, rtol=0.1)


def test_every_teacher_of_ours_runs_on_a_lifetime():
    lives = draw_lifetimes(np.random.default_rng(1), 1, Population(num_arms=(4, 4), decisions=(60, 60)))
    for made in (teacher.Exp3S(eta=0.1), teacher.TargetDeficit(), teacher.TSCLSampling(), teacher.Combined()):
        env = SimulatedStudents(3, lifetimes=lives.take([0, 0, 0]), autoreset=False)
        rows = list(teacher.run(made, env, seed=0))
        assert env.finished and len(rows) == env.ended.max()


def test_a_teacher_that_knows_the_order_is_faster_than_uniform():
    chains = Population(num_arms=(5, 5), structures=(1, 0, 0, 0, 0, 0), descriptions=(1, 0, 0), gate_floor=(0.01, 0.02))
    lives = draw_lifetimes(np.random.default_rng(0), 60, chains)

    def cost(make):
        env = SimulatedStudents(60, lifetimes=lives, autoreset=False)
        for _ in teacher.run(make(), env, seed=0):
            pass
        return np.minimum(env.mastered_at / lives.decisions, 1.0).mean()

    assert cost(teacher.TargetDeficit) < 0.9 * cost(teacher.Uniform)


@pytest.mark.parametrize(
    ("act", "kind", "said"),
    [
        (lambda: SimulatedStudents(0), ValueError, "num_envs must be at least 1; got 0"),
        (lambda: SimulatedStudents(2, probe="all"), ValueError, "cannot be probed"),
        (lambda: SimulatedStudents(2, reward="loss"), ValueError, "reward must be competence, progress or terminal"),
        (lambda: SimulatedStudents(2, time_cost=-1.0), ValueError, "time_cost must not be negative"),
        (lambda: SimulatedStudents(2).step(np.ones((2, 16))), RuntimeError, "step before reset"),
        (lambda: SimulatedStudents(2).reset(seed=-1), ValueError, "seeds must not be negative"),
        (
            lambda: SimulatedStudents(3, lifetimes=draw_lifetimes(np.random.default_rng(0), 2, SHORT)),
            ValueError,
            "lifetimes must be 3, one for each row; got 2",
        ),
    ],
)
def test_mistakes_are_said(act, kind, said):
    with pytest.raises(kind, match=said):
        act()
