"""Panels over updates: what the signal said of each arm."""

import numpy as np
import polars as pl
import pytest

from benchmarks.report import heat

PICTURES = True


@pytest.fixture
def drawn(monkeypatch):
    """What is given to be drawn."""
    kept = []
    real = heat._heat

    def keep(pictures, edges, rows, *others, **shades):
        kept.append((pictures, edges, rows, shades))
        return real(pictures, edges, rows, *others, **shades)

    monkeypatch.setattr(heat, "_heat", keep)
    return kept


def trace(teacher, gains, counts):
    decisions = range(1, len(gains) + 1)
    return pl.DataFrame(
        {
            "teacher": teacher,
            "decision": list(decisions),
            "updates": [10 * d for d in decisions],
            "gain": gains,
            "count": counts,
        }
    )


def test_a_cell_is_the_mean_of_what_was_seen_and_nothing_where_nothing_was(drawn):
    first = trace("exp3s", [[0.2, 9.0], [0.4, 0.1]], [[3, 0], [3, 3]])
    second = trace("exp3s", [[0.0, 9.0], [7.0, -0.3]], [[1, 0], [0, 5]])
    svg = heat.signals(pl.concat([first, second]), ["exp3s"], ["easy", "hard"], "s")
    ((pictures, edges, rows, shades),) = drawn
    assert svg.startswith("<svg") and rows == ["easy", "hard"] and edges.tolist() == [0, 10, 20]
    np.testing.assert_allclose(pictures["exp3s"], [[0.1, 0.4], [np.nan, -0.1]])
    assert shades["vmin"] == -shades["vmax"] and 0.1 < shades["vmax"] <= 0.4  # zero is in the middle, and white


def test_signals_that_are_all_nothing_are_drawn_too(drawn):
    heat.signals(trace("uniform", [[0.0, 0.0]], [[1, 1]]), ["uniform"], ["easy", "hard"], "s")
    assert drawn[0][3]["vmax"] == 1.0


def test_many_arms_are_thinned(drawn):
    names = [f"arm {a}" for a in range(60)]
    heat.signals(trace("uniform", [list(range(60))], [[1] * 60]), ["uniform"], names, "s")
    pictures, _, rows, _ = drawn[0]
    assert len(rows) <= 24 and pictures["uniform"].shape == (len(rows), 1)
    assert pictures["uniform"][:, 0].tolist() == [names.index(row) for row in rows]
