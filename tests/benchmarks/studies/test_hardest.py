"""When the hardest arms alone were mastered: by hand, of lifetimes that were lived, and the page."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.settings import make_suite
from benchmarks.store import UserError, read_json, write_json
from benchmarks.studies.records import Hardest, Run
from benchmarks.studies.records.hardest import hardest, joined, reached, told
from teacher import TargetOnly

SMALL = "--budget 60 --evaluate-every 20 --batch-size 8 --lstm.width 8"
ROOT = Path(__file__).parents[3]


def test_mastered_is_the_first_of_two_evaluations_in_a_row():
    curve = np.array([[0.2, 1.0], [0.99, 0.9], [0.98, 0.5], [0.99, 0.4], [0.99, 0.98]])
    assert reached(curve[:, :1], np.array([0.98])) == 1
    assert reached(curve, np.array([0.98, 0.98])) is None  # the last one has nobody after it
    assert reached(curve, np.array([0.98, 0.4])) == 1
    assert reached(np.array([[0.99], [0.5], [0.99], [0.98]]), np.array([0.98])) == 2  # once is not enough
    assert reached(curve[:1], np.array([0.1, 0.1])) is None and reached(curve, np.array([0.1, 0.1])) == 0


@pytest.mark.parametrize("name", ["addition-2d", "forecast", "memory", "text"])
def test_they_are_the_arms_that_target_only_trains_on(name):
    suite = make_suite(name, {})
    taught = TargetOnly()
    taught.reset(suite.arms, 1, 0)
    assert ((taught.act(None)[0] > 0) == hardest(suite)).all() and 0 < hardest(suite).sum() < suite.num_arms


def test_an_arm_as_hard_that_does_not_count_is_not_among_them():
    arms = SimpleNamespace(targets=np.array([True, True, False, False]), levels=np.array([0, 1, 1, 2]))
    assert hardest(SimpleNamespace(arms=arms)).tolist() == [False, True, False, False]


def test_lived_lifetimes_are_read_and_tabled(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.studies.records.run.Run", lambda **options: Run(**options, extra=SMALL))
    where = {"seeds": 2, "runs": tmp_path / "runs"}
    entries = ("target-only", "general", "uniform")
    run = Run(("recall",), teachers=entries, extra=SMALL, workers=1, results=tmp_path / "figures", **where)
    run.execute()
    (lost,) = (tmp_path / "runs").rglob("uniform/1-*/summary.json")  # one seed of uniform's is not there
    lost.unlink()
    capsys.readouterr()
    Hardest(("recall",), results=tmp_path / "figures", **where).execute()
    kept = read_json(tmp_path / "figures" / "hardest" / "recall-small-lstm.json")
    assert list(kept["lifetimes"]) == ["target-only", "general"] and kept["budget"] == 60
    assert kept["arms"] == {"hardest": 3, "targets": 8, "all": 8}
    life = kept["lifetimes"]["general"]["1"]
    assert life["updates"] == 60 and not life["mastered"] and len(life["fingerprint"]) == 16
    line = capsys.readouterr().out.splitlines()[-1]
    assert line == "| recall, lstm | 3, 8, 8 | 2 |  |  |  |  | >= 60 | >= 60 | ~ 1.00 | 1 | 1 |"
    with pytest.raises(UserError, match="no teacher's 2 lifetimes of recall"):  # though the file holds some
        Hardest(("recall",), results=tmp_path / "figures", runs=tmp_path / "nowhere", seeds=2).execute()
    (results,) = (tmp_path / "runs").rglob("general/1-*/results.parquet")
    results.write_bytes(results.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"results.parquet is damaged"):
        Hardest(("recall",), results=tmp_path / "figures", **where).execute()


def test_what_a_file_holds_already_is_not_lost(tmp_path):
    life = {"updates": 60, "mastered": False, "fingerprint": "f"}
    found = {"command": "c", "budget": 60, "arms": {"all": 3}, "lifetimes": {"general": {"0": life}}}
    file = tmp_path / "recall-small-lstm.json"
    assert joined(found, file) == found
    other = {**life, "updates": 30, "mastered": True}
    write_json(file, {**found, "lifetimes": {"uniform": {"0": life}, "general": {"0": other, "1": other}}})
    both = joined(found, file)
    assert both == {**found, "lifetimes": {"uniform": {"0": life}, "general": {"0": life, "1": other}}}
    for there in ({**found, "budget": 80}, {**found, "lifetimes": {"uniform": {"0": {**life, "fingerprint": "g"}}}}):
        write_json(file, there)
        with pytest.raises(UserError, match="is of another budget, or of other samples"):
            joined(found, file)


def test_mistakes_are_said(tmp_path):
    with pytest.raises(UserError, match="which suites"):
        Hardest(()).execute()
    with pytest.raises(UserError, match="no teacher's 10 lifetimes of recall are all in"):
        Hardest(("recall",), runs=tmp_path, results=tmp_path).execute()
    assert not list(tmp_path.iterdir())


def test_a_row_is_of_the_shared_seeds_and_corrected_over_rows_that_have_both(tmp_path):
    def lives(*updates):
        return {str(seed): {"updates": n, "mastered": n < 1000} for seed, n in enumerate(updates)}

    (tmp_path / "hardest").mkdir()
    arms = {"hardest": 1, "targets": 2, "all": 3}
    for suite, own in (
        ("recall", {"general": lives(*range(200, 280, 10)), "target-only": lives(*[100] * 8)}),
        ("lego", {"general": lives(*[300] * 8), "target-only": lives(*[1000] * 8)}),
        ("formal", {"general": lives(100, 100)}),
    ):
        kept = {"budget": 1000, "arms": arms, "lifetimes": own}
        write_json(tmp_path / "hardest" / f"{suite}-small-lstm.json", kept)
    rows = {line.split(",")[0].strip("| "): line for line in told(tmp_path)[2:]}
    assert rows["recall"].startswith("| recall, lstm | 1, 2, 3 | 8 |  |  |  |  | 235 | 100 | 2.35 [")
    assert rows["recall"].endswith("] | 0.0078 | 0.016 |")
    assert "| 300 | >= 1,000 | <= 0.30 [0.30, 0.30] | 0.0078 | 0.016 |" in rows["lego"]
    assert rows["formal"].endswith("| 100 |  |  |  |  |")


def test_the_page_holds_the_committed_figures():
    page = (ROOT / "docs/results/hardest.md").read_text()
    assert all(line in page for line in told(ROOT / "benchmarks/results/records"))
    assert len(told(ROOT / "benchmarks/results/records")) > 5
