"""What the page says of controls is what the numbers say."""

import pytest

from benchmarks.report.words import implied, standing


def group(teacher, mean, p=0.002, solved=1.0):
    return {
        "teacher": teacher,
        "seeds": list(range(10)),
        "solve_rate": solved,
        "area_under_curve": {"mean": 0.5},
        "cost_to_mastery": {"updates": {"mean": mean}},
        "against": {} if teacher == "uniform" else {"uniform": {"p": p}},
    }


def test_a_gain_that_may_be_chance_is_not_explained():
    said = implied([group("uniform", 1000), group("exp3s", 800, p=0.3), group("replayed-shuffled", 800)])
    assert said == [
        "exp3s saved 200 of uniform sampling's 1,000 updates. That may be chance (p = 0.3): what the controls say of "
        "it is not told."
    ]


def test_no_gain_is_said():
    (said,) = implied([group("uniform", 1000), group("exp3s", 1100), group("learnability", 500)])
    assert "No teacher was faster than uniform sampling" in said and "-100" in said


@pytest.mark.parametrize(
    ("mean", "said"),
    [
        (500, "have 100% of the gain: the gain is in the mixture, not in the order"),
        (750, "have 50% of the gain: the gain is partly in the mixture, partly in the order"),
        (1000, "have 0% of the gain: the gain is in the order, not in the mixture"),
        (1100, "have -20% of the gain: the gain is in the order, not in the mixture"),
    ],
)
def test_shuffled_replays_tell_the_mixture_from_the_order(mean, said):
    assert said in implied([group("uniform", 1000), group("general", 500), group("replayed-shuffled", mean)])[1]


def test_every_control_gets_a_sentence_and_none_is_the_winner():
    groups = [group("uniform", 1000), group("general", 600), group("combined", 900)]
    controls = {"stratified": 900, "learnability": 500, "static": 800, "replayed": 700}
    groups += [group(name, mean) for name, mean in controls.items()] + [group("target-only", 2000, solved=0.0)]
    first, *rest = implied(groups)
    assert first == "general saved 400 of uniform sampling's 1,000 updates."
    assert [word in line for word, line in zip(["0%", "25%", "125%", "50%", "75%"], rest, strict=True)] == [True] * 5
    assert "the easier arms are needed" in rest[0] and "partly in the answer to the student" in rest[4]


def test_without_uniform_or_without_a_teacher_nothing_is_implied():
    assert implied([group("exp3s", 10), group("general", 5)]) == []
    assert implied([group("uniform", 10), group("learnability", 5)]) == []


def test_the_standing_says_how_little_a_few_seeds_are():
    few = {**group("exp3s", 700), "seeds": [0]}
    assert "With 1 seed this is a direction" in standing([few])
    assert "direction" not in standing([group("exp3s", 700)])
    assert "No lifetime mastered" in standing([group("exp3s", 700, solved=0.0)])
