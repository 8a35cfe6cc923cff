"""Pictures, as they are drawn: read from the figure before it becomes text."""

import polars as pl
import pytest

from benchmarks.report import plots

PICTURES = True


@pytest.fixture
def drawn(monkeypatch):
    """The axes of the pictures that were made."""
    seen = []
    real = plots.as_svg

    def keep(figure, name):
        seen.append(figure.axes[0])
        return real(figure, name)

    monkeypatch.setattr(plots, "as_svg", keep)
    return seen


def lived(teacher, updates, tokens, censored):
    """A record of one teacher."""
    record = {"updates": updates, "tokens": tokens}
    return {
        "teacher": teacher,
        "cost_to_mastery": {unit: {"values": values, "censored": censored} for unit, values in record.items()},
    }


def test_the_share_that_mastered_is_drawn_over_any_cost(drawn):
    """Of three lifetimes one never mastered: the third estimate is over those still at risk, whatever the unit."""
    group = lived("exp3s", [100, 300, 500], [2000, 5000, 4000], [False, False, True])
    plots.mastered([group], 500, "s", "updates")
    plots.mastered([group], 500, "s", "tokens")
    for axes, label, steps, end, tick in zip(
        drawn, ("updates", "tokens"), ([100, 300], [2000, 5000]), (500, 5000), (500, 4000), strict=True
    ):
        assert axes.get_xlabel() == label and axes.get_xlim() == (0, pytest.approx(1.01 * end))
        curve, ticks = axes.lines
        assert ticks.get_xdata().tolist() == [tick]
        places = curve.get_xdata()
        assert places[-1] == end and all(place in places for place in steps)
    # By updates the open-ended one was at risk throughout; by tokens it left before the last mastered.
    assert drawn[0].lines[0].get_ydata()[-1] == pytest.approx(2 / 3)
    assert drawn[1].lines[0].get_ydata()[-1] == pytest.approx(1.0)


def styles(lines):
    return [(line.get_color(), line._unscaled_dash_pattern, line.get_marker()) for line in lines]


def test_no_two_of_many_teachers_look_alike(drawn):
    """The palette has eight colours: beyond them dashes and markers differ, the same in every picture."""
    names = [f"teacher-{number}" for number in range(45)]
    scores = [{"teacher": name, "scores": {"s": [0.5, 1.0]}} for name in names]
    plots.profiles(scores, "all")
    rows = [
        {"teacher": name, "seed": 0, "updates": 10, "arm": 0, "level": "1", "taught": True, "target": True}
        for name in names
    ]
    results = pl.DataFrame([{**row, "competence": 0.5} for row in rows])
    plots.final_levels(results, names, "s")
    plots.learning_curves(results, names, 10, "s", "updates")
    plots.mastered([lived(name, [5], [50], [False]) for name in names], 10, "s", "updates")
    profiles, levels, curves, mastered = drawn
    for lines in (profiles.lines, curves.lines, mastered.lines[::2]):  # a line, and its ticks
        assert len({str(style[:2]) for style in styles(lines)}) == len(names)
        assert [style[:2] for style in styles(lines)] == [style[:2] for style in styles(curves.lines)]
    marks = [container.lines[0] for container in levels.containers]
    assert len({(colour, mark) for colour, _, mark in styles(marks)}) == len(names)
    assert all(abs(mark.get_xdata()[0]) < 0.45 for mark in marks)  # beside their own level, and not the next
    assert [colour for colour, _, _ in styles(marks)] == [colour for colour, _, _ in styles(curves.lines)]
