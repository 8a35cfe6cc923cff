"""Where the general teacher stands over all suites."""

from records_support import lives

from benchmarks.studies.records.known import Known
from benchmarks.studies.records.run import TEACHERS
from benchmarks.studies.records.standing import standing


def of(suite, student="lstm", **updates):
    figures = {name: lives(*[800] * 10) for name in TEACHERS}
    figures |= {name.replace("_", "-"): lives(*values) for name, values in updates.items()}
    return Known(suite, "small", student, 1000, figures)


FAST = of("n-gram", general=[400] * 10, exp3s=[200] * 10, target_deficit=[300, 500] * 5)
SLOW = of("lego", general=[700, 900] * 5, exp3s=[None] * 10)


def test_tests_are_corrected_for_the_number_of_suites():
    lines = standing([FAST, SLOW])
    assert lines[1] == (
        "- General against uniform, Holm-corrected over 2: faster on 1: n-gram (lstm) 0.0039; "
        "no difference shown on 1: lego (lstm) 1."
    )
    assert "against target-deficit, Holm-corrected over 2: no difference shown on 2" in lines[2]
    assert "exp3s, which was not fixed beforehand" in lines[3]
    assert "faster on 1: lego (lstm) 0.0039; slower on 1: n-gram (lstm) 0.0039." in lines[3]


def test_a_suite_counts_once_in_means_and_those_tuned_on_stand_apart():
    """General to uniform: 400/800 and 800/800, then the first alone."""
    (said,) = standing([FAST, SLOW._replace(suite="addition-1d"), FAST._replace(student="transformer")])[-1:]
    assert "over 2 suites with the LSTM" in said
    assert "general 0.71 [" in said and ", 0.50 [0.50, 0.50] of uniform's" in said
    assert "exp3s >= 0.5" in said  # of which a lifetime never mastered: sqrt(1/4 x 10/8)


def test_other_set_ups_of_a_suite_do_not_count():
    assert standing([FAST, SLOW, SLOW._replace(preset="tokens"), FAST._replace(preset="paper")]) == standing(
        [FAST, SLOW]
    )


def test_of_one_suite_or_of_few_seeds_nothing_is_said():
    assert standing([FAST]) == []
    few = SLOW._replace(lifetimes={**SLOW.lifetimes, "exp3s": lives(*[800] * 7)})
    assert standing([FAST, few]) == []


def test_a_suite_counts_though_teachers_that_are_not_compared_were_not_run_on_it():
    lived = {name: found for name, found in SLOW.lifetimes.items() if name not in ("combined", "target-only")}
    assert standing([FAST, SLOW._replace(lifetimes=lived)]) == standing([FAST, SLOW])
