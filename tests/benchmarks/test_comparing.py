"""``paceline compare`` and ``paceline power``, on real benches of the smallest student."""

import shutil

import polars as pl
import pytest

from benchmarks.cli import main
from benchmarks.comparing import Compare, Power, together
from benchmarks.store import UserError, read_json, read_sealed, write_sealed

COMMON = ("reverse", "--reverse.lengths", "1", "2", "--students", "gru", "--gru.width", "8", "--budget", "40")
COMMON += ("--batch-size", "8", "--evaluate-every", "20", "--workers", "1", "--wandb", "disabled")


@pytest.fixture(scope="module")
def benches(tmp_path_factory):
    where = tmp_path_factory.mktemp("benches")
    for out, more in (
        ("a", ("--teachers", "uniform,combined", "--seeds", "2")),
        (
            "b",
            ("--teachers", "uniform,combined,exp3s", "--seeds", "3", "--combined.threshold", "0.5", "--signal", "PG"),
        ),
    ):
        main(["bench", *COMMON, *more, "--out", str(where / out)])
    return where


def test_the_same_lifetime_counts_once_and_other_settings_are_a_row_of_their_own(benches, tmp_path, capsys):
    Compare((benches / "a", benches / "b"), tmp_path / "both").execute()
    groups = {g["teacher"]: g["seeds"] for g in read_json(tmp_path / "both" / "summary.json")["groups"]}
    assert groups == {"uniform": [0, 1, 2], "combined": [0, 1], "combined@b": [0, 1, 2], "exp3s": [0, 1, 2]}
    trace = pl.read_parquet(tmp_path / "both" / "trace.parquet")
    assert trace.select("teacher", "seed").unique().height == 11
    page = (tmp_path / "both" / "report.html").read_text()
    assert "combined@b" in page and "are not finished" not in page and "against uniform" in page
    assert "report: " in capsys.readouterr().out


def test_folders_of_one_name_are_told_apart_and_what_is_not_ours_is_left_alone(benches, tmp_path):
    for name in ("x", "y"):
        shutil.copytree(benches / "b", tmp_path / name / "b")
    labels = {life.teacher for life in together((benches / "a", tmp_path / "x" / "b"))}
    assert labels == {"uniform", "combined", "combined@b", "exp3s"}
    labels = {life.teacher for life in together((benches / "a", benches / "b", tmp_path / "x" / "b"))}
    assert labels == {"uniform", "combined", f"combined@{benches / 'b'}", f"combined@{tmp_path / 'x' / 'b'}", "exp3s"}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("ten years")
    with pytest.raises(UserError, match=r"holds something else than a report \(thesis.tex\)"):
        Compare((benches / "a", benches / "b"), tmp_path / "mine").execute()


def test_what_is_not_finished_is_named(benches, tmp_path):
    half = tmp_path / "half"
    shutil.copytree(benches / "a", half)
    lost = half / "cells" / "reverse" / "gru" / "combined" / "seed-1"
    shutil.rmtree(lost)
    Compare((half, benches / "b"), tmp_path / "both").execute()
    summary = read_json(tmp_path / "both" / "summary.json")
    assert summary["unfinished"] == ["half/reverse/gru/combined/seed-1"] and not summary["reasons"]
    lost.mkdir()
    for said, reason in (
        (b"reverse/gru/combined/seed-1 stopped: it broke\nmore", "stopped: it broke"),
        (b"\xff", "\ufffd"),
    ):
        (lost / "error.txt").write_bytes(said)
        Compare((half, benches / "b"), tmp_path / "both").execute()
        reasons = read_json(tmp_path / "both" / "summary.json")["reasons"]
        assert reasons == {"half/reverse/gru/combined/seed-1": reason}


def test_lifetimes_that_are_no_pairs_are_refused(benches, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(benches / "a", other)
    settings = read_sealed(other / "settings.json")
    for cell in settings["cells"]:
        cell["schedule"]["budget"] = 60
    write_sealed(other / "settings.json", settings)
    with pytest.raises(UserError, match=r"reverse, gru has other settings in .*other \(schedule .*60"):
        together((benches / "a", other))


def test_other_data_and_other_networks_are_no_pairs(benches, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(benches / "b", other)
    settings = read_sealed(other / "settings.json")
    write_sealed(other / "settings.json", {**settings, "fingerprints": {"reverse": "0123456789abcdef"}})
    with pytest.raises(UserError, match=r"the data of suite reverse is not the same in .*other \(fingerprint 0123"):
        together((benches / "b", other))
    for folder, digest in (("one", "a"), ("two", "b")):
        shutil.copytree(benches / "a", tmp_path / folder)
        settings = read_sealed(tmp_path / folder / "settings.json")
        for cell in settings["cells"]:
            if cell["teacher"] == "combined":  # as if it had been the general one
                cell["options"]["teacher"], cell["teacher"] = {}, "general"
        shutil.move(tmp_path / folder / "cells/reverse/gru/combined", tmp_path / folder / "cells/reverse/gru/general")
        write_sealed(tmp_path / folder / "settings.json", {**settings, "schedules": {"the general teacher": digest}})
    labels = {life.teacher for life in together((tmp_path / "one", tmp_path / "two"))}
    assert labels == {"uniform", "general", "general@two"}


def test_a_folder_that_is_given_twice_counts_once_and_one_line_says_so(benches, tmp_path, caplog):
    half = tmp_path / "half"
    shutil.copytree(benches / "a", half)
    shutil.rmtree(half / "cells" / "reverse" / "gru" / "combined" / "seed-1")
    again = tmp_path / "elsewhere" / ".." / "half"
    again.parent.parent.mkdir()
    Compare((half, again), tmp_path / "both").execute()
    summary = read_json(tmp_path / "both" / "summary.json")
    assert [group["seeds"] for group in summary["groups"]] == [[0, 1], [0]]
    assert summary["unfinished"] == ["half/reverse/gru/combined/seed-1"]
    assert caplog.messages == [f"{again} is given twice: its lifetimes count once"]


def test_power_says_how_many_more(benches, tmp_path, capsys):
    shutil.copytree(benches / "b", tmp_path / "b")
    for path in (tmp_path / "b").glob("cells/reverse/gru/*/seed-*/summary.json"):
        summary = read_sealed(path)
        costs = {unit: 30 + 5 * summary["seed"] * (summary["teacher"] == "exp3s") for unit in summary["spent"]}
        write_sealed(path, {**summary, "mastered": True, "to_mastery": costs})
    Power((tmp_path / "b",), "exp3s,uniform", "forward_equivalents").execute()
    said = capsys.readouterr().out
    assert said.startswith("reverse, gru: exp3s against uniform, 3 pairs: +5 forward-equivalents (p = 0.5); ")
    needed = int(said.split("; ")[1].split(" pairs")[0])
    assert needed >= 6 and said.strip().endswith(f"probability 0.8: {needed - 3} more")


def test_power_of_pairs_that_are_all_alike_says_so(benches, tmp_path, capsys):
    shutil.copytree(benches / "b", tmp_path / "b")
    for path in (tmp_path / "b").glob("cells/reverse/gru/*/seed-*/summary.json"):
        write_sealed(path, {**read_sealed(path), "mastered": False})  # each costs the budget
    Power((tmp_path / "b",), "exp3s,uniform").execute()
    same = "3 pairs: +0 updates (p = 1); no pair differs, so that nothing says how many it would take"
    assert same in capsys.readouterr().out


def test_power_over_several_benches(benches, tmp_path, capsys):
    """Of one bench each: the pairs are those of both; a teacher with other settings is told apart."""
    for name, teacher in (("one", "exp3s"), ("two", "uniform")):
        shutil.copytree(benches / "b", tmp_path / name)
        shutil.rmtree(tmp_path / name / "cells" / "reverse" / "gru" / teacher)
    main(["power", str(benches / "b"), "--teachers", "exp3s,uniform"])
    said = capsys.readouterr().out
    main(["power", str(tmp_path / "one"), str(tmp_path / "two"), "--teachers", "exp3s,uniform"])
    assert capsys.readouterr().out == said and ", 3 pairs" in said
    main(["power", str(benches / "a"), str(benches / "b"), "--teachers", "combined,combined@b"])
    assert "combined against combined@b, 2 pairs" in capsys.readouterr().out


def test_what_compare_wrote_is_no_bench(benches, tmp_path, capsys):
    Compare((benches / "a", benches / "b"), tmp_path / "both").execute()
    for words in (
        ("power", tmp_path / "both", "--teachers", "uniform,exp3s"),
        ("compare", tmp_path / "both", benches / "a", "--out", tmp_path / "c"),
        ("report", tmp_path / "both"),
    ):
        with pytest.raises(SystemExit):
            main([str(word) for word in words])
        said = capsys.readouterr().err
        assert f"{tmp_path / 'both'} is a report of paceline compare, without lifetimes: give the folders of" in said


def test_one_lifetime_with_two_results_is_refused(benches, tmp_path):
    shutil.copytree(benches / "a", tmp_path / "a")
    path = tmp_path / "a" / "cells" / "reverse" / "gru" / "uniform" / "seed-1" / "summary.json"
    summary = read_sealed(path)
    write_sealed(path, {**summary, "seconds": {"training": 1e3, "evaluation": 1e3}, "files": {}})
    assert len(together((benches / "a", tmp_path / "a"))) == 4  # another day, the same results
    write_sealed(path, {**summary, "competence": 0.75})
    with pytest.raises(UserError) as refused:
        Compare((benches / "a", tmp_path / "a"), tmp_path / "both").execute()
    said = str(refused.value)
    ours, theirs = (bench / "cells/reverse/gru/uniform/seed-1" for bench in (tmp_path / "a", benches / "a"))
    assert f"reverse/gru/uniform/seed-1 has other results in {ours} (competence 0.75) than in {theirs}" in said
    assert f"(competence {summary['competence']}): delete one of these two, or leave its bench out" in said
    assert not (tmp_path / "both").exists()


def test_what_a_failure_spent_is_no_cost_to_mastery(benches):
    with pytest.raises(UserError, match=r"never mastered with seed \d: .* take --unit updates"):
        Power((benches / "b",), "exp3s,uniform", "tokens").execute()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda b, _: Compare((b / "a",)).execute(), "at least two folders of benches; got 1"),
        (lambda b, _: Compare((b / "a", b / "b"), b / "a").execute(), "holds a bench of its own: choose another"),
        (lambda b, t: Compare((b / "a", t)).execute(), "is not a folder of results"),
        (lambda b, _: Power((), "uniform,exp3s").execute(), "power takes at least one folder of a bench"),
        (
            lambda b, _: Power((b / "a", b / "b"), "uniform,x").execute(),
            "'x'; .* exp3s, combined@b",
        ),
        (
            lambda b, _: Power((b / "a",), "uniform").execute(),
            "must be two different teachers, .* comma; got 'uniform'",
        ),
        (
            lambda b, _: Power((b / "a",), "uniform,uniform").execute(),
            "two different teachers, .*; got 'uniform,uniform'",
        ),
        (lambda b, _: Power((b / "a",), "uniform,exp3s,combined").execute(), "must be two different teachers"),
        (
            lambda b, _: Power((b / "a",), "uniform,exp3s").execute(),
            "holds no teacher 'exp3s'; there are: uniform, comb",
        ),
        (lambda b, _: Power((b / "a",), "uniform,combined", "seconds").execute(), "--unit must be one of updates"),
        (
            lambda b, _: Power((b / "a",), "uniform,combined", power=1.0).execute(),
            r"power must be in \(0, 1\); got 1.0",
        ),
    ],
)
def test_mistakes_are_one_line(benches, tmp_path, act, said):
    with pytest.raises(UserError, match=said):
        act(benches, tmp_path)
