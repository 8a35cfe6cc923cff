"""Learned teachers that are controls are known by what their files say."""

import json
import shutil
from pathlib import Path

import pytest

from benchmarks.cli import main
from benchmarks.comparing import Compare
from benchmarks.meta.controls import control_of
from benchmarks.store import read_json

TEACHERS = Path(__file__).parents[3] / "benchmarks/results/general/teachers"


@pytest.mark.parametrize("name", ["random-frozen", "shuffled-reward"])
def test_the_trained_ones_that_are_kept_are_told_from_controls(name, tmp_path):
    assert control_of(str(TEACHERS / name)) == control_of(f"{TEACHERS / name}/") == name
    shutil.copytree(TEACHERS / name, tmp_path / "mine")
    assert control_of(str(tmp_path / "mine")) == name  # by its card, whatever its folder is called
    others = [path for path in TEACHERS.iterdir() if path.name not in ("random-frozen", "shuffled-reward")]
    assert len(others) > 5 and not any(control_of(str(path)) for path in others)
    assert control_of("") is None  # the one that ships


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ({"name": "mine", "training": {"reward": "shuffled"}}, "shuffled-reward"),
        ({"name": "random-frozen", "training": {"reward": "mastery"}}, None),  # only its folder was called so
        ({"name": "mine"}, None),
        ({"name": ["random-frozen"]}, None),
        (["no card"], "random-frozen"),
        (None, "random-frozen"),
    ],
)
def test_without_a_card_that_can_be_read_the_folder_speaks(tmp_path, card, said):
    folder = tmp_path / "random-frozen"
    folder.mkdir()
    if card is not None:
        (folder / "teacher.json").write_text(json.dumps(card))
    assert control_of(str(folder)) == said
    assert control_of(str(tmp_path / "gone" / "shuffled-reward")) == "shuffled-reward"


def test_in_reports_and_comparisons_they_are_controls_under_any_name(tmp_path):
    """The untrained network is ``general`` in its own bench; two trained ones beside it are taken together."""
    bench = ("bench", "reverse", "--reverse.lengths", "1", "2", "--students", "gru", "--gru.width", "8")
    bench += ("--budget", "20", "--batch-size", "8", "--evaluate-every", "10", "--workers", "1", "--seeds", "1")
    bench += ("--wandb", "disabled", "--teachers", "uniform,general")
    benches = {"frozen": str(TEACHERS / "random-frozen"), "trained": "", "again": str(TEACHERS / "general-1")}
    for name, path in benches.items():
        main([*bench, "--general.path", path, "--out", str(tmp_path / name)])
    Compare(tuple(tmp_path / name for name in benches), tmp_path / "both").execute()
    page = (tmp_path / "both" / "report.html").read_text()
    assert "<p>general is a control: an untrained network of the same kind.</p>" in page
    summaries = {name: read_json(tmp_path / name / "summary.json") for name in (*benches, "both")}
    assert [[(g["teacher"], g.get("control")) for g in of["groups"]] for of in summaries.values()] == [
        [("uniform", None), ("general", "random-frozen")],
        [("uniform", None), ("general", None)],
        [("uniform", None), ("general", None)],
        [("uniform", None), ("general", "random-frozen"), ("general@trained", None), ("general@again", None)],
    ]
    (record,) = summaries["both"]["trained"]
    (suite,) = record["suites"]
    assert list(suite["networks"].values()) == [["general@trained"], ["general@again"]]
    means = [group["cost_to_mastery"]["updates"]["mean"] for group in summaries["both"]["groups"]]
    assert suite["updates"]["mean"] == pytest.approx(sum(means[2:]) / 2) and suite["num_lifetimes"] == 2
    assert suite["against"]["uniform"]["ratio"] == pytest.approx(suite["updates"]["mean"] / means[0])
    heading = "<h2>Trained teachers as a level of their own</h2>"
    assert page.count(heading) == 1 and "<td>2: general@trained, general@again</td><td>1</td>" in page
    for name in benches:  # one network alone
        assert "trained" not in summaries[name] and heading not in (tmp_path / name / "report.html").read_text()
