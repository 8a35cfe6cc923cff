import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.env_checker import check_env as sb3_check_env

import envs
from envs import CurriculumVectorEnv, DivergedError, Scores, ScriptedStudent

VARIANTS = [
    {},
    {"redraw": "decision", "signal": "MPG"},
    {"redraw": "decision", "signal": "TPG"},
    {"redraw": "decision", "signal": "GPG"},
    {"redraw": "sequence", "signal": "PG"},
    {"signal": "SPG"},
    {"probe": "all"},
    {"reward": "competence"},
    {"reward": "competence", "probe": "all", "updates_per_decision": 7},
]


def make(**options):
    return gymnasium.make("paceline/Curriculum-v0", budget=100, **options).unwrapped


def vector(num_envs=3, **options):
    return CurriculumVectorEnv(num_envs=num_envs, **{"budget": 100, **options})


def lifetime(env, seed, mixture=None, stop=10**9):
    """Steps with random weights, and returns all that came back."""
    seen = [env.reset(seed=seed)[0]]
    rows = np.random.default_rng(0).random((100, env.arms.num_arms)) if mixture is None else mixture
    for step in range(min(stop, 100)):
        obs, reward, done, _, info = env.step(np.tile(rows[step], (env.num_envs, 1)))
        seen += [obs, reward, *info.values()]
        if done.all():
            break
    return seen


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_gymnasium_and_sb3_checkers_are_silent(options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(**options))
        sb3_check_env(make(**options), warn=False)


@pytest.mark.filterwarnings("ignore:.*render_mode='rgb_array'.*")  # SB3 asks every environment by name for pictures
def test_ppo_learns_on_the_registered_environment():
    from stable_baselines3 import PPO

    model = PPO("MlpPolicy", "paceline/Curriculum-v0", n_steps=32, batch_size=32, n_epochs=1, device="cpu")
    before = [p.detach().clone() for p in model.policy.parameters()]
    model.learn(64)
    assert any((a != b).any() for a, b in zip(before, model.policy.parameters(), strict=True))


def test_make_vec_gives_the_vector_environment():
    env = gymnasium.make_vec("paceline/Curriculum-v0", num_envs=4)
    assert isinstance(env.unwrapped, CurriculumVectorEnv) and env.num_envs == 4
    assert env.metadata["autoreset_mode"] is AutoresetMode.DISABLED
    obs, info = env.reset(seed=0)
    assert env.observation_space.contains(obs) and info["gain"].shape == (4, 5)
    env.close()
    env.close()


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_row_k_of_a_cohort_equals_the_single_run_with_seed_plus_k(options):
    cohort = lifetime(vector(3, **options), seed=10)
    for k in range(3):
        single = lifetime(vector(1, **options), seed=10 + k)
        for together, alone in zip(cohort, single, strict=True):
            np.testing.assert_array_equal(together[k], alone[0])


def noisy(suite, num_learners):
    """Scores that differ from sequence to sequence and depend on the tokens."""

    class Noisy(ScriptedStudent):
        def evaluate(self, batch):
            scores = super().evaluate(batch)
            noise = np.sin(batch.tokens.sum(axis=-1)) / 7
            return Scores(scores.loss + noise, np.clip(scores.token_accuracy + noise, 0, 1), scores.sequence_accuracy)

    return Noisy(suite, num_learners, spread=0.5)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_rows_equal_single_runs_with_many_arms_and_noisy_scores(options):
    """Sums over twelve arms round differently in another memory order."""
    suite = envs.Suite([envs.Addition(digits=range(1, 13))], lambda _, d: d["digits"] != 3)

    def env(num_envs):
        return CurriculumVectorEnv(suite, noisy(suite, num_envs), budget=60, **options)

    cohort = lifetime(env(3), seed=10)
    for k in range(3):
        for together, alone in zip(cohort, lifetime(env(1), seed=10 + k), strict=True):
            np.testing.assert_array_equal(together[k], alone[0])


def test_rows_equal_single_runs_on_real_networks(suite):
    """Each learner trains on its own row's tokens, whatever the lengths beside it."""
    import student

    def env(num_envs):
        learners = student.TorchStudent(lambda: student.LSTM(12, 8), num_envs)
        return CurriculumVectorEnv(suite, learners, budget=60, batch_size=8, signal="PG", redraw="update")

    cohort = lifetime(env(3), seed=4)
    for k in range(3):
        for together, alone in zip(cohort, lifetime(env(1), seed=4 + k), strict=True):
            np.testing.assert_array_equal(together[k], alone[0])


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_stop_and_resume_is_bit_exact(options):
    whole = lifetime(vector(2, **options), seed=3)
    first, second = vector(2, **options), vector(2, **options)
    lifetime(first, seed=3, stop=4)
    second.load_state_dict(first.state_dict())
    rows = np.random.default_rng(0).random((100, 5))
    rest = []
    for step in range(4, 100):
        obs, reward, done, _, info = second.step(np.tile(rows[step], (2, 1)))
        rest += [obs, reward, *info.values()]
        if done.all():
            break
    for a, b in zip(whole[-len(rest) :], rest, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_unseeded_reset_starts_another_lifetime_of_the_same_row():
    env = vector(2)
    env.reset(seed=5)
    first = env.seeds
    env.reset()
    second = env.seeds
    assert first == [5, 6] and not set(first) & set(second)
    alone = vector(1)
    alone.reset(seed=6)
    alone.reset()
    assert alone.seeds == second[1:]


def test_the_budget_ends_all_rows_together_and_the_last_decision_is_shorter():
    env = vector(2, budget=25)
    env.reset(seed=0)
    updates, done = [], False
    while not done:
        _, _, terminated, truncated, info = env.step(np.ones((2, 5)))
        updates.append(info["updates"].tolist())
        done = terminated.all()
        assert not truncated.any()
    assert updates == [[10, 10], [20, 20], [25, 25]]
    with pytest.raises(RuntimeError, match="budget of 25 updates is spent"):
        env.step(np.ones((2, 5)))


@pytest.mark.parametrize("redraw", ["decision", "update", "sequence"])
def test_arms_are_drawn_as_often_as_the_mixture_says(redraw):
    env = vector(1, budget=20_000, redraw=redraw, batch_size=4)
    env.reset(seed=0)
    weights = np.array([[0.0, 1.0, 2.0, 0.0, 5.0]])
    count = np.zeros(5)
    drawn = []
    for _ in range(400):
        _, _, _, _, info = env.step(weights)
        count += info["count"][0]
        drawn.append((info["count"][0] > 0).sum())
    np.testing.assert_allclose(count / count.sum(), [0, 0.125, 0.25, 0, 0.625], atol=0.08)
    assert max(drawn) == (1 if redraw == "decision" else 3)
    assert count.sum() == 400 * 10 * 4


def test_all_zero_weights_mean_uniform_and_bad_weights_are_refused():
    env = vector(1)
    env.reset(seed=0)
    assert (env.step(np.zeros((1, 5)))[4]["count"] > 0).sum() > 1
    for bad, message in (
        (np.ones((1, 4)), r"shape \(1, 5\); got \(1, 4\)"),
        (np.array([[1, -1, 0, 0, 0]]), "finite and not negative"),
        (np.array([[np.nan, 1, 0, 0, 0]]), "finite and not negative"),
    ):
        with pytest.raises(ValueError, match=message):
            env.step(bad)


def test_competence_reward_is_the_change_in_the_targets_minus_the_time_cost():
    suite = envs.Suite([envs.Addition(digits=(1, 2))], lambda _, d: d["digits"] == 1)
    student = ScriptedStudent(suite, rate=0.05, spread=0.0)
    env = CurriculumVectorEnv(suite, student, budget=100, reward="competence", time_cost=2.0)
    env.reset(seed=0)
    assert env.step(np.array([[1, 0]]))[1][0] == pytest.approx(0.5 - 0.2)
    assert env.step(np.array([[1, 0]]))[1][0] == pytest.approx(0.5 - 0.2)
    assert env.step(np.array([[1, 0]]))[1][0] == 0  # mastered: no time cost


def test_probe_all_gives_feedback_on_every_arm():
    env = vector(1, probe="all", probe_size=16)
    env.reset(seed=0)
    skills = env.student.skills.copy()
    info = env.step(np.eye(5)[[0]])[4]
    assert (info["count"] == 16).all()
    np.testing.assert_allclose(info["gain"], env.student.skills - skills)
    np.testing.assert_allclose(info["competence"], env.student.skills)


def test_step_before_reset_and_partial_resets_are_refused():
    with pytest.raises(RuntimeError, match="step before reset"):
        vector().step(np.ones((3, 5)))
    with pytest.raises(ValueError, match="lockstep"):
        vector().reset(options={"reset_mask": np.array([True, False, True])})
    with pytest.raises(ValueError, match="seeds must not be negative"):
        vector().reset(seed=-1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": 0}, "budget must be at least 1; got 0"),
        ({"redraw": "epoch"}, "redraw must be one of decision, update, sequence; got 'epoch'"),
        ({"signal": "XG"}, "signal must be one of .*; got 'XG'"),
        ({"signal": "MPG"}, "MPG credits one arm per decision: it needs redraw='decision'"),
        ({"probe": "all", "signal": "SPG"}, "signal SPG would be charged and thrown away"),
        ({"reward": "money"}, "reward must be one of"),
        ({"num_envs": 2, "student": "one"}, "num_envs must equal the student's learners 1; got 2"),
    ],
)
def test_options_out_of_range_are_refused(options, message, suite):
    if "student" in options:
        options = {**options, "student": ScriptedStudent(suite), "suite": suite}
    with pytest.raises(ValueError, match=message):
        CurriculumVectorEnv(**options)


def test_a_gradient_that_is_not_finite_is_found_before_it_shows_in_a_loss(suite):
    class Spoilt(ScriptedStudent):
        def train(self, batch):
            scores = super().train(batch)
            return Scores(scores.loss, scores.token_accuracy, scores.sequence_accuracy, scores.gradient_norm + np.inf)

    env = CurriculumVectorEnv(suite, Spoilt(suite))
    env.reset(seed=4)
    with pytest.raises(DivergedError, match="gradient norm became inf at decision 0, update 0"):
        env.step(np.eye(3)[[1]])


def test_a_loss_that_is_not_finite_names_decision_and_arm(suite):
    class Diverging(ScriptedStudent):
        def train(self, batch):
            scores = super().train(batch)
            return Scores(scores.loss + np.nan, scores.token_accuracy, scores.sequence_accuracy, scores.gradient_norm)

    env = CurriculumVectorEnv(suite, Diverging(suite))
    env.reset(seed=4)
    with pytest.raises(DivergedError, match=r"loss became nan at decision 0, .*arm 1 \(addition digits=2\).*seed 4"):
        env.step(np.eye(3)[[1]])
