"""The teachers keep the laws, and every law catches a fake that breaks it, and names it."""

import numpy as np
import pytest
from teacher_support import CASES

from teacher import Exp3, Exp3S, GaussianThompson, Uniform
from teacher.checks import TEACHER_LAWS, check_teacher


@pytest.mark.parametrize("name", CASES)
def test_keeps_the_laws(name):
    check_teacher(CASES[name].make, CASES[name].learns)


def test_every_teacher_is_in_the_table():
    """By what the package exports, so that a new one cannot be forgotten."""
    import teacher

    exported = {x for x in vars(teacher).values() if isinstance(x, type) and hasattr(x, "act") and hasattr(x, "reset")}
    made, waiting = set(), [case.make() for case in CASES.values()]
    while waiting:
        taught = waiting.pop()
        made |= set(type(taught).__mro__)
        waiting += [taught.inner] if hasattr(taught, "inner") else []
    assert exported - {teacher.Teacher} <= made


class NotADistribution(Uniform):
    def act(self, obs):
        return 2 * super().act(obs)


class ActsBeforeReset(Uniform):
    def act(self, obs):
        return np.full((1, 5), 0.2) if self._state is None else super().act(obs)


class TakesAnything(Exp3S):
    def update(self, obs, mixture, feedback):
        gain = np.nan_to_num(feedback.gain, posinf=1.0)
        super().update(obs, mixture, type(feedback)(gain, gain, gain, feedback.count))


class FailsWithOneArm(Uniform):
    def act(self, obs):
        mixture = super().act(obs)
        return mixture[:, :-1] if mixture.shape[1] == 1 else mixture


class NeverForgets(Exp3S):
    def reset(self, arms, num_envs, seed):
        if self._state is None or self._shape != (num_envs, arms.num_arms):
            super().reset(arms, num_envs, seed)


class Leaning(Exp3S):
    def act(self, obs):
        return np.tile(super().act(obs).mean(axis=0), (len(obs), 1))


class LosesItsCount(Exp3S):
    def state_dict(self):
        return {**super().state_dict(), "updates": 1}


class UsesEverything(Exp3S):
    def update(self, obs, mixture, feedback):
        count = np.maximum(feedback.count, 1)
        super().update(obs, mixture, type(feedback)(feedback.gain, feedback.loss, feedback.competence, count))


class ChangesItsInput(Uniform):
    def update(self, obs, mixture, feedback):
        super().update(obs, mixture, feedback)
        mixture *= 0.5


class ZeroIsNoSeed(GaussianThompson):
    """As a published library has it: ``seed or fresh entropy``."""

    def reset(self, arms, num_envs, seed):
        super().reset(arms, num_envs, seed or int(np.random.default_rng().integers(2**31)))


class ZeroIsOne(GaussianThompson):
    def reset(self, arms, num_envs, seed):
        super().reset(arms, num_envs, seed or 1)


class ZeroIsNinetyNine(GaussianThompson):
    def reset(self, arms, num_envs, seed):
        super().reset(arms, num_envs, seed or 99)


class IgnoresItsSeed(GaussianThompson):
    def reset(self, arms, num_envs, seed):
        super().reset(arms, num_envs, 5)


class HalvesItsSeed(GaussianThompson):
    def reset(self, arms, num_envs, seed):
        super().reset(arms, num_envs, seed)
        self._keys = self._keys // 2


class SeedsGlobally(Uniform):
    def reset(self, arms, num_envs, seed):
        np.random.seed(seed)  # noqa: NPY002
        super().reset(arms, num_envs, seed)


FAKES = {
    "mixture_is_a_distribution": NotADistribution,
    "refuses_before_reset": ActsBeforeReset,
    "refuses_bad_feedback": TakesAnything,
    "one_arm_works": FailsWithOneArm,
    "same_seed_same_decisions": NeverForgets,
    "the_seed_is_used_as_given": ZeroIsNoSeed,
    "rows_are_independent": Leaning,
    "stop_and_resume_is_exact": LosesItsCount,
    "unobserved_arms_are_ignored": UsesEverything,
    "inputs_are_left_alone": ChangesItsInput,
    "global_generator_untouched": SeedsGlobally,
}


@pytest.mark.parametrize("law", [law.__name__ for law in TEACHER_LAWS])
def test_a_broken_fake_fails_the_law_by_name(law):
    with pytest.raises(AssertionError, match=f"^{law}: "):
        check_teacher(FAKES[law], learns=False)


@pytest.mark.parametrize(
    ("fake", "message"),
    [
        (ZeroIsNoSeed, "two runs with seed 0 differ"),
        (ZeroIsOne, "row 1 of a reset with seed 0 is not the run with seed 1$"),
        (ZeroIsNinetyNine, "row 1 of a reset with seed 0 is not the run with seed 1$"),
        (IgnoresItsSeed, "row 1 of a reset with seed 0 is not the run with seed 1$"),
        (HalvesItsSeed, "it draws at random, yet decides the same with the seeds 0 and 1, 2 and 3$"),
    ],
)
def test_a_seed_that_is_not_used_as_given_is_caught(fake, message):
    with pytest.raises(AssertionError, match=f"^the_seed_is_used_as_given: .*{message}"):
        check_teacher(fake, learns=False)


class GammaZero(Exp3):
    """The baseline of a published comparison: it never updates a weight."""

    def update(self, obs, mixture, feedback):
        kept = None if self._state is None else self._state["sums"].copy()
        super().update(obs, mixture, feedback)
        self._state["sums"] = kept


class WrongSign(Exp3S):
    def update(self, obs, mixture, feedback):
        super().update(obs, mixture, type(feedback)(-feedback.gain, feedback.loss, feedback.competence, feedback.count))


@pytest.mark.parametrize("mutant", [GammaZero, WrongSign, Uniform], ids=lambda m: m.__name__)
def test_a_teacher_that_does_not_learn_is_caught(mutant):
    with pytest.raises(AssertionError, match=r"^finds_the_best_arm: "):
        check_teacher(mutant, learns=True)
