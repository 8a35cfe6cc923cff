"""Figures of one's own: what is lived, replayed and tabled in a folder that is not the committed one."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from records_support import lives

from benchmarks.store import UserError, read_json, write_json
from benchmarks.studies.records import __main__ as program
from benchmarks.studies.records.controls import Yoke
from benchmarks.studies.records.run import RESULTS, TEACHERS, TRAINED, Run, entries, is_committed
from benchmarks.studies.records.section import section
from benchmarks.studies.records.table import Tables
from benchmarks.terminal import guarded
from teacher.schedules.recorded import read_schedule

PICTURES = True

ROOT = Path(__file__).parents[3]
MARKS = "<!-- records: python -m benchmarks.studies.records table -->\n<!-- end of records -->\n"
SMALL = "--budget 40 --evaluate-every 20 --batch-size 8 --lstm.width 8"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with README and a page, in which somebody has lived recall, and LEGO without the general teacher."""
    monkeypatch.chdir(tmp_path)
    Path("README.md").write_text(MARKS)
    Path("docs/results").mkdir(parents=True)
    Path("docs/results/gain.md").write_text(MARKS)
    Path("own").mkdir()
    figures = {name: lives(400, 500) for name in TEACHERS}
    write_json(Path("own/recall-small-lstm.json"), {"lifetimes": figures})
    write_json(Path("own/lego-small-lstm.json"), {"lifetimes": {"uniform": figures["uniform"]}})
    return tmp_path


def contents():
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def command(monkeypatch, *words):
    monkeypatch.setattr("sys.argv", ["records", *words])
    return guarded(program.main)


def test_a_table_of_ones_own_is_printed_and_touches_nothing(checkout, monkeypatch, capsys):
    before = contents()
    assert command(monkeypatch, "table", "--results", "own") == 0
    said = capsys.readouterr().out
    assert contents() == before
    assert "| recall, lstm | 2 | 450 |" in said and "| lego" not in said and "| formal" not in said
    assert "lived no seed that the others there have: lego, lstm." in said
    assert (
        "Left as it is, of the committed figures: README.md, docs/results. --front PAGE, a file with the lines" in said
    )


def test_figures_that_are_of_another_preset_are_said_to_be_on_pages_alone(checkout, monkeypatch, capsys):
    Path("other").mkdir()
    Path("other/text-domains-tokens-lstm.json").write_text(Path("own/recall-small-lstm.json").read_text())
    assert command(monkeypatch, "table", "--results", "other", "--pages", "mine") == 0
    assert "the table is of --preset small: text-domains --preset tokens, lstm." in capsys.readouterr().out
    assert "### `--preset tokens`, lstm" in Path("mine/text-domains.md").read_text()


def test_it_is_written_where_it_is_asked_for(checkout, monkeypatch, capsys):
    before = contents()
    Path("mine.md").write_text(MARKS)
    assert command(monkeypatch, "table", "--results", "own", "--front", "mine.md") == 0
    assert "| recall, lstm | 2 | 450 |" in Path("mine.md").read_text()
    assert "committed figures: docs/results. --front" in capsys.readouterr().out
    assert command(monkeypatch, "table", "--results", "own", "--pages", "mine") == 0
    assert "| general | 2 | 2 |" in Path("mine/recall.md").read_text() and Path("mine/records.svg").exists()
    assert "committed figures: README.md. --front" in capsys.readouterr().out
    assert {path: was for path, was in contents().items() if path in before} == before


def test_the_committed_folder_is_known_however_it_is_named(checkout, monkeypatch):
    """Its figures go into README and the pages, and its replays keep their flags."""
    monkeypatch.setattr("benchmarks.studies.records.run.RESULTS", Path("own"))
    monkeypatch.setattr("benchmarks.studies.records.gain.TRAINED", ROOT / TRAINED)
    assert command(monkeypatch, "table", "--results", str(checkout / "docs" / ".." / "own")) == 0
    assert "| recall, lstm | 2 | 450 |" in Path("README.md").read_text()
    assert Path("docs/results/recall.md").exists() and "paid back" in Path("docs/results/gain.md").read_text()
    monkeypatch.undo()  # the folder too: at the root of the checkout again
    assert is_committed(RESULTS.absolute()) and not is_committed(RESULTS / "paper")
    name = "recall-small-lstm"
    assert entries("recall", name, RESULTS.absolute()) == entries("recall", name) == entries("recall", name, checkout)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--results", "own", "--front", "missing.md"),
            "there is no page missing.md: give --front a file with the lines",
        ),
        (("--results", "own", "--front", "bare.md"), "bare.md: a page must have a place for the table, from '<!-- rec"),
        (("--results", "nowhere"), "nowhere holds no figures of a suite of record: give what --results of run named"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(checkout, monkeypatch, capsys, words, said):
    Path("bare.md").write_text("nothing")
    before = contents()
    assert command(monkeypatch, "table", *words) == 2 and contents() == before
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"paceline: {said}") and "Errno" not in line and "same command" not in line


def test_controls_replay_the_next_seeds_lifetime_and_its_average(tmp_path, monkeypatch):
    """One run of the general teacher on each of two seeds; each control is yoked to the other one, in one folder."""
    own = tmp_path / "my own"
    where = {"results": own, "workers": 1}
    monkeypatch.setattr("benchmarks.studies.records.run.Run", partial(Run, extra=SMALL))
    yoke = Yoke("recall", seeds=2, results=own)
    with pytest.raises(
        UserError, match=r"2 lifetimes of the general teacher are not finished, the first: .*own/runs/re"
    ):
        yoke.execute()
    Run(("recall",), teachers=("general",), seeds=2, extra=SMALL, **where).execute()
    yoke.execute()
    made = own / "schedules" / "recall-small-lstm"
    assert {path.name for path in made.iterdir()} == {
        f"{seed}{kind}.json" for seed in "01" for kind in ("", "-average")
    }
    order, average = (read_schedule(made / name) for name in ("0.json", "0-average.json"))
    assert order["seed"] == average["seed"] == 1 and len(order["mixtures"]) == 4
    assert average["mixtures"] == pytest.approx(order["mixtures"].mean(axis=0, keepdims=True))
    assert average["counts"].tolist() == order["counts"].sum(axis=0, keepdims=True).tolist()
    again = Run(("recall",), teachers=("yoked", "yoked-shuffled", "static-mean"), seeds=2, extra=SMALL, **where)
    again.execute()
    (tables,) = Tables(own).known()
    found = tables.lifetimes
    assert found == read_json(own / "recall-small-lstm.json")["lifetimes"]
    assert len({found[name][seed]["policy"] for name in ("yoked", "static-mean") for seed in "01"}) == 4
    assert found["yoked"]["0"]["policy"] == found["yoked-shuffled"]["0"]["policy"]
    assert f"yoked `--teacher replayed --replayed.path '{made}'/{{seed}}.json" in "\n".join(section(tables, own))
    with pytest.raises(UserError, match="seeds must be at least 2"):
        Yoke("recall", seeds=1).execute()


def test_where_one_suite_fails_the_others_go_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    own = tmp_path / "own"
    own.mkdir()
    other = {"0": {**lives(400)["0"], "fingerprint": "of other samples", "digest": "another"}}
    write_json(own / "recall-small-lstm.json", {"lifetimes": {"uniform": other}})
    run = Run(teachers=("uniform",), seeds=1, extra=SMALL, results=own, workers=1)
    with pytest.raises(
        UserError, match=r"1 of 2 suites are not complete, the first: recall-small-lstm: .*other samples"
    ):
        replace(run, suites=("recall", "lego")).execute()
    assert "0" in read_json(own / "lego-small-lstm.json")["lifetimes"]["uniform"]
    assert "recall-small-lstm: " in capsys.readouterr().out
    assert read_json(own / "recall-small-lstm.json")["lifetimes"] == {"uniform": other}
    with pytest.raises(UserError, match=r"^[^:]*own/recall-small-lstm\.json holds lifetimes on other samples"):
        replace(run, suites=("recall",)).execute()


def test_without_schedules_of_ones_own_the_committed_ones_are_replayed(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    asked = {"teachers": ("yoked", "static-mean"), "seeds": 2}
    committed = [cell.digest for _, cell in Run(**asked).cells("recall")]
    assert [cell.digest for _, cell in Run(results=tmp_path, **asked).cells("recall")] == committed
    (tmp_path / "schedules" / "recall-small-lstm").mkdir(parents=True)
    assert not {cell.digest for _, cell in Run(results=tmp_path, **asked).cells("recall")} & {*committed}


def test_one_command_lives_the_eight_and_tables_them(checkout, monkeypatch, capsys):
    """`table --live`: what `run` without a suite lives, then the table of it."""
    lived = []
    monkeypatch.setattr(Run, "execute", lambda run: lived.append(run))
    assert command(monkeypatch, "table", "--results", "own", "--live") == 0
    assert lived == [Run(results=Path("own"))] and lived[0].teachers == tuple(TEACHERS)
    assert "| recall, lstm | 2 | 450 |" in capsys.readouterr().out
    assert command(monkeypatch, "table", "--results", "own") == 0 and len(lived) == 1

    def fails(run):
        raise UserError("1 of 12 suites are not complete")

    monkeypatch.setattr(Run, "execute", fails)
    capsys.readouterr()  # of the table before
    assert command(monkeypatch, "table", "--results", "own", "--live") == 2
    said = capsys.readouterr()
    assert "| recall, lstm | 2 | 450 |" in said.out and "1 of 12 suites are not complete" in said.err
