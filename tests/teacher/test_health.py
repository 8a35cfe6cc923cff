import numpy as np
import pytest

from teacher import Feedback, Row
from teacher.health import HEALTH, WINDOW, RewardHealth


def row(mixture, gain, count, scaled=None, clip=None):
    mixture, gain, count = np.atleast_2d(mixture), np.atleast_2d(gain), np.atleast_2d(count)
    shown = {} if scaled is None else {"scaled_gain": np.atleast_2d(scaled).astype(float)}
    shown |= {} if clip is None else {"clip_rate": np.full(len(mixture), clip)}
    feedback = Feedback(gain.astype(float), gain * 0.0, gain * 0.0, count)
    return Row(0, mixture.astype(float), feedback, np.zeros(len(mixture)), {}, shown)


def test_numbers_by_hand():
    health = RewardHealth(1, 4, True)
    found = health.take(row([0.5, 0.5, 0, 0], [2.0, 4.0, 9.0, 9.0], [30, 10, 0, 0], [-1.0, 0.5, 0, 0], 0.5))
    assert set(found) == set(HEALTH)
    assert found["raw_reward"] == pytest.approx([2.5])  # over sequences; what was not seen means nothing
    assert found["scaled_reward"] == pytest.approx([-0.625])
    assert found["clip_rate"] == [0.5]
    assert found["entropy"] == pytest.approx([np.log(2)])
    assert found["effective_arms"] == pytest.approx([2.0])
    assert found["smallest_probability"] == [0.0]
    assert found["never_visited"] == [0.5]
    assert health.take(row([0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 5, 0]))["never_visited"] == [0.25]


def after(decisions, make, learns=True, num_arms=3):
    health = RewardHealth(1, num_arms, learns)
    for number in range(decisions):
        alarm = health.take(make(number))["alarm"][0]
    return alarm, health.explain(alarm)


EVEN = np.full(3, 1 / 3)


def healthy(number):
    return row(EVEN, np.sin([number, number + 1, number + 2]), [9, 9, 9], np.sin([number, 1, 2]), 0.4)


def test_a_healthy_teacher_raises_no_alarm():
    assert after(3 * WINDOW, healthy) == (0, [])


def test_clipped_gains_raise_an_alarm_that_says_what_to_do():
    alarm, (line,) = after(WINDOW, lambda n: row(EVEN, [n, -n, 1], [9, 9, 9], [1, -1, 1], 1.0))
    assert alarm == 1 and line.startswith("reward saturated: 100% of the scaled gains") and "+rescaled" in line
    assert after(WINDOW - 1, lambda n: row(EVEN, [n, -n, 1], [9, 9, 9], [1, -1, 1], 1.0))[0] == 0


def test_gains_that_are_all_the_same_raise_an_alarm():
    alarm, (line,) = after(WINDOW, lambda n: row(EVEN, [0, 0, 0], [9, 9, 9]))
    assert alarm == 2 and line.startswith("no reward signal: ")
    late = after(3 * WINDOW, lambda n: healthy(n) if n < WINDOW else row(EVEN, [0, 0, 0], [9, 9, 9]))
    assert late[0] == 2


def test_a_collapsed_mixture_raises_an_alarm_but_one_arm_at_a_time_in_turn_does_not():
    def stuck(n):
        return row([1 - 2e-9, 1e-9, 1e-9], [np.sin(n), 0, 0], [9, 0, 0], [np.sin(n), 0, 0], 0.4)

    alarm, (line,) = after(8 * WINDOW, stuck)
    assert alarm == 4 and line.startswith("mixture collapsed: of 3 arms 1.00 were in play") and "+floor" in line

    def in_turn(n):
        one = np.eye(3)[n % 3]
        return row(one, np.sin(n) * one, (9 * one).astype(int), np.sin(n) * one, 0.4)

    assert after(8 * WINDOW, in_turn)[0] == 0


def test_a_schedule_is_not_warned():
    assert after(3 * WINDOW, lambda n: row([1.0, 0, 0], [0, 0, 0], [9, 0, 0]), learns=False) == (0, [])


def test_it_goes_on_where_it_was():
    whole, first, second = (RewardHealth(1, 3, True) for _ in range(3))
    for number in range(150):
        whole.take(healthy(number))
        if number < 90:
            first.take(healthy(number))
    second.load_state_dict(first.state_dict())
    for number in range(90, 150):
        second.take(healthy(number))
    for name, value in whole.state_dict().items():
        np.testing.assert_array_equal(value, second.state_dict()[name])
