"""Pictures, as they are drawn: read from the figure before it becomes text."""

import pytest

from benchmarks.report import plots


@pytest.fixture
def drawn(monkeypatch):
    """The axes of the pictures that were made."""
    seen = []
    real = plots._svg

    def keep(figure, name):
        seen.append(figure.axes[0])
        return real(figure, name)

    monkeypatch.setattr(plots, "_svg", keep)
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
