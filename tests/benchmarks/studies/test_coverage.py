from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks.store import UserError, read_json
from benchmarks.studies import coverage
from benchmarks.studies.coverage import Coverage, costs

ROOT = Path(__file__).parents[3]


def test_costs_are_paired_by_seed_and_censored():
    drawn = costs(np.random.default_rng(0), 4000, 2, 0.5)
    assert drawn.shape == (2, 4000) and drawn.max() == 2.5
    assert np.median(drawn[0]) in (1.0, 1.1) and np.median(drawn[1]) in (0.5, 0.6)  # as seen at the next evaluation
    assert (np.abs(drawn * 10 - np.round(drawn * 10)) < 1e-6).all()
    assert np.corrcoef(np.log(drawn))[0, 1] == pytest.approx(0.5, abs=0.08)  # half of the variance is the seed's


def test_it_counts_what_it_says(tmp_path, capsys, monkeypatch):
    """An interval that is always right covers always, one that never is never, a p that is always small is called."""
    monkeypatch.setattr(coverage.statistics, "interval", lambda values: [0.0, 9.0])
    monkeypatch.setattr(coverage.statistics, "stratified", lambda values, resamples: (0.0, [8.0, 9.0]))
    monkeypatch.setattr(coverage.statistics, "sign_flip", lambda differences: 0.04)
    monkeypatch.setattr(coverage.statistics, "nested_interquartile", lambda scores, strata, resamples: [0.0, 9.0])
    monkeypatch.setattr(coverage.statistics, "profile", lambda drawn, grid, resamples: np.array([[0.5], [0.8], [0.9]]))
    Coverage((3, 4), 4, tmp_path / "c.json").execute()
    shares = read_json(tmp_path / "c.json")["shares"]
    assert shares["mean: interval covers"] == {"3": 1.0, "4": 1.0}
    assert shares["interquartile mean of two suites: interval covers"] == {"3": 0.0, "4": 0.0}
    assert shares["interquartile mean of ten suites: interval covers"] == {"3": 0.0, "4": 0.0}
    in_turn = "interquartile mean of ten suites, six trained teachers in turn: interval covers"
    assert shares[in_turn] == {"3": 1.0, "4": 1.0}
    assert shares["performance profile of ten suites at the median: band covers"] == {"3": 0.0, "4": 0.0}
    assert shares["no difference: the test calls one"] == {"3": 1.0, "4": 1.0}
    assert shares["no difference: any of seven Holm-corrected tests calls one"] == {"3": 0.0, "4": 0.0}
    assert "| mean: interval covers | 1.00 | 1.00 |" in capsys.readouterr().out


def test_teachers_that_differ_make_an_interval_over_seeds_alone_too_narrow():
    """As many as teach in turn, and so few that they are seen: 120 studies of ten seeds."""
    counted = (partial(coverage._taught_in_turn, nested=nested) for nested in (True, False))
    nested, seeds = (count(np.random.default_rng(5), 10, 120) for count in counted)
    assert nested > 0.93 and nested > seeds + 0.03


def test_mistakes_are_said():
    with pytest.raises(UserError, match="at least 2 seeds"):
        Coverage((1,), 4, None).execute()


def test_the_page_holds_the_committed_figures():
    shares = read_json(ROOT / "benchmarks/results/coverage.json")["shares"]
    page = (ROOT / "docs/statistics.md").read_text()
    assert list(shares) == list(coverage._COUNTED)
    for name, row in shares.items():
        assert f"| {name} | " + " | ".join(f"{value:.2f}" for value in row.values()) + " |" in page
