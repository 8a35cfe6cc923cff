import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.store import UserError
from benchmarks.studies.calibration import Compare, Curves, rises, simulated_curves
from envs.simulated import Population

PICTURES = True

ROOT = Path(__file__).parents[3]


def test_how_a_curve_rises_by_hand():
    time = np.arange(1.0, 7.0)
    competence = np.array([0.0, 0.1, 0.5, 0.4, 0.8, 0.9])
    loss = np.array([1.0, 0.8, 0.5, 0.4, 0.2, 0.1])
    share, at_half, fall = rises(time, competence, loss)
    assert share == pytest.approx((5 - 2) / 5) and at_half == 0.5 and fall == pytest.approx(0.1)


@pytest.mark.parametrize("competence", [[0.2, 0.9], [0.0, 0.7], [0.0, np.nan]])
def test_curves_that_do_not_rise_that_far_are_left_out(competence):
    assert rises(np.arange(2.0), np.array(competence), np.ones(2)) is None


def test_simulated_curves_are_of_every_arm():
    curves = simulated_curves(5, 0, Population(num_arms=(3, 3), decisions=(60, 80)))
    assert len(curves) == 15
    for time, competence, loss in curves:
        assert len(time) == len(competence) == len(loss) and 0 < time[-1] <= 1
        assert (competence >= 0).all() and (competence <= 1).all() and (loss >= 0).all()


def test_it_compares_and_draws(tmp_path):
    settings = Compare(
        ROOT / "benchmarks/results/general/real-curves.json", 40, tmp_path / "figure.png", tmp_path / "found.json"
    )
    settings.execute()
    found = json.loads((tmp_path / "found.json").read_text())
    assert len(found["loss at competence 0.5"]["real"]) == 14
    assert (tmp_path / "figure.png").read_bytes()[:4] == b"\x89PNG"


def test_real_curves_lie_where_simulated_ones_do():
    record = json.loads((ROOT / "benchmarks/results/general/calibration.json").read_text())
    for measure, found in record.items():
        if isinstance(found, dict) and "share_inside" in found:
            assert found["share_inside"] >= 0.85, measure


def test_folders_without_uniform_teaching_are_refused(tmp_path):
    (tmp_path / "settings.json").write_text(json.dumps({"cells": [{"teacher": "exp3s"}]}))
    with pytest.raises(UserError, match="no lifetimes under uniform teaching"):
        Curves((tmp_path,), tmp_path / "out.json").execute()
