"""Two entries of the suites of record beside each other, by hand."""

import pytest
from records_support import lives

from benchmarks.statistics import sign_flip
from benchmarks.store import write_json
from benchmarks.studies.records import __main__ as program
from benchmarks.terminal import guarded

EIGHT = (100, 200, 300, 400, 500, 600, 700, 800)


@pytest.fixture
def pair(tmp_path, monkeypatch, capsys):
    """The command, on figures of two suites and one other preset."""
    halves = [cost // 2 for cost in EIGHT]
    figures = {"general": lives(*halves), "exp3s": lives(*EIGHT), "combined": lives(*EIGHT[:-1], None)}
    write_json(tmp_path / "recall-small-lstm.json", {"lifetimes": figures})
    few = {"general": lives(300, 200), "exp3s": lives(100, 200, 300), "uniform": lives(100)}
    write_json(tmp_path / "lego-small-transformer.json", {"lifetimes": few})
    write_json(tmp_path / "text-domains-tokens-lstm.json", {"lifetimes": figures})

    def run(*words):
        monkeypatch.setattr("sys.argv", ["records", "pair", *words, "--results", str(tmp_path)])
        return guarded(program.main), capsys.readouterr()

    return run


def test_a_row_per_suite_and_student_of_the_seeds_that_both_have_lived(pair):
    code, said = pair("general", "exp3s")
    recall, lego = said.out.splitlines()[2:]
    p = sign_flip([own / 2 - own for own in EIGHT])  # of eight that all go one way: 2 / 2^8
    assert code == 0 and p == 0.0078125
    assert recall == f"| recall, lstm | 8 | 225 | 450 | 0.50 [0.50, 0.50] | 8, 0 | {p:.2g} | {2 * p:.2g} | 6 |"
    assert lego.startswith("| lego, transformer | 2 | 250 | 150 | 1.67 | 0, 1 | 1 | 1 | ")  # too few for an interval


def test_what_was_cut_off_is_a_bound_and_what_never_differs_is_said(pair):
    assert "| 8 | 225 | >= 475 | <= 0.47 [" in pair("general", "combined")[1].out
    assert "| >= 475 | 225 | >= 2.11 [" in pair("combined", "general")[1].out


def test_a_bound_is_of_the_seeds_that_both_have_lived(pair, tmp_path):
    """The ninth seed of one never mastered, and the other never lived it."""
    figures = {"general": lives(*EIGHT, None), "exp3s": lives(*[cost + 10 for cost in EIGHT])}
    write_json(tmp_path / "recall-small-lstm.json", {"lifetimes": figures})
    assert "| recall, lstm | 8 | 450 | 460 | 0.98 [" in pair("general", "exp3s", "--suites", "recall")[1].out


def test_the_general_teachers_networks_are_drawn_whichever_of_the_two_it_is(pair, tmp_path):
    costs = (300, 500, 400, 800, 350, 600, 450, 700, 380, 520)
    figures = {"general": lives(*costs), "exp3s": lives(*reversed(costs))}
    write_json(tmp_path / "recall-small-lstm.json", {"lifetimes": figures})

    def bounds(*names):
        said = pair(*names, "--suites", "recall")[1].out.split("| 1.00 [")[1].partition("]")[0]
        return [float(end) for end in said.split(", ")]

    low, high = bounds("general", "exp3s")
    other_low, other_high = bounds("exp3s", "general")
    assert other_low == pytest.approx(1 / high, rel=0.02) and other_high == pytest.approx(1 / low, rel=0.02)


def test_suites_student_and_preset_can_be_chosen(pair):
    assert [line.split(" |")[0] for line in pair("general", "exp3s", "--student", "lstm")[1].out.splitlines()[2:]] == [
        "| recall, lstm"
    ]
    assert "| text-domains, lstm | 8 |" in pair("general", "exp3s", "--preset", "tokens")[1].out
    assert "Holm over 1 |" in pair("general", "exp3s", "--suites", "lego")[1].out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("general", "x"), "unknown entry 'x'; there are: combined, exp3s, general, uniform"),
        (
            ("uniform", "exp3s"),
            "no two seeds of any suite have been lived by both uniform and exp3s",
        ),  # one has no test
        (("general", "exp3s", "--student", "gru"), "no figures of student 'gru'; there are: lstm, transformer"),
        (("general", "exp3s", "--suites", "forecast"), "/"),  # the folder that holds no figures of it
        (("general", "exp3s", "--suites"), "which suites? Give at least one after --suites"),
        (("exp3s", "exp3s"), "two different entries are needed; got exp3s twice"),
        (("general", "exp3s", "--suites", "x"), "unknown suite of record 'x'; there are: addition-1d"),
    ],
)
def test_mistakes_are_one_line(pair, words, said):
    code, told = pair(*words)
    (line,) = told.err.splitlines()
    assert code == 2 and line.startswith(f"paceline: {said}")
