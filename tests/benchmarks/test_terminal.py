"""What runs a command, and hands signals back."""

import json
import os
import signal
import sys

import pytest
from process_support import ended

from benchmarks import cli
from benchmarks.cli import parsed
from benchmarks.store import UserError
from benchmarks.terminal import guarded, one_line, understood


def test_whoever_handled_sigterm_before_handles_it_again():
    before = signal.getsignal(signal.SIGTERM)

    def mine(number, frame):
        raise AssertionError

    try:
        signal.signal(signal.SIGTERM, mine)
        seen = []
        assert guarded(lambda: seen.append(signal.getsignal(signal.SIGTERM))) == 0
        assert seen[0] is not mine and signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bench", "addition-small", "--ray-address", "auto"), "--ray-address goes with --engine ray"),
        (("report", "trained"), "trained is a folder of paceline meta-train"),
        (("compare", "trained", "trained", "--out", "x"), "trained is a folder of paceline meta-train"),
    ],
)
def test_what_is_in_vain_is_refused_in_one_line(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trained").mkdir()
    (tmp_path / "trained" / "settings.json").write_text(json.dumps({"meta_train": {}}))
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line and not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "run copy --teachr uniform",
            "Unrecognized options: --teachr, uniform (did you mean --teacher or --teachers?)",
        ),
        ("bench copy --lstm.wdth 3", "Unrecognized options: --lstm.wdth, 3 (did you mean --lstm.width?)"),
        ("list --zz", "Unrecognized options: --zz"),
        (
            "run copy --redraw never",
            "invalid choice 'never' for argument '--redraw'. Expected one of ('decision', 'update', 'sequence')",
        ),
        (
            "meta-train --population.num-arms 0 0",
            "Error parsing --population: a lifetime has at least one arm and one decision; got (0, 0), (60, 400)",
        ),
        ("bench --seeds", "Missing value for argument '--seeds'. Expected 1 values"),
    ],
)
def test_what_the_parser_says_in_a_box_becomes_one_line(line, said):
    with pytest.raises(UserError) as refused:
        parsed(line.split())
    assert str(refused.value) == f"{said}; `paceline {line.split()[0]} --help` lists what there is"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("run", "reverse", "--signal", "x"),
            "invalid choice 'x' for argument '--signal'. Expected one of ('accuracy_",
        ),
        (("run", "--batch-siz", "3"), "Unrecognized options: --batch-siz, 3 (did you mean --batch-size or"),
    ],
)
def test_a_terminal_without_lines_of_boxes_has_no_rules_in_it_either(words, said, tmp_path):
    """Their place is taken by hyphens; words and flags keep theirs."""
    done = ended(*words, cwd=tmp_path, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 2 and done.stderr.startswith(f"paceline: {said}"), done.stderr
    assert "---" not in done.stderr and "--help`" in done.stderr and done.stderr.count("\n") == 1


def test_a_box_of_hyphens_becomes_the_line_that_a_box_of_lines_is():
    box = " Invalid choice \n ------ \n  invalid choice 'a--b' for argument '--c-d'.  \n  -------\n  For full helptext"
    assert one_line(box, "x").startswith("invalid choice 'a--b' for argument '--c-d'; `x --help`")


def test_what_parsing_warns_of_is_passed_on(capsys):
    def parse():
        sys.stderr.write("take care\n")
        return 3

    assert understood(parse, "paceline run") == 3
    assert capsys.readouterr().err == "take care\n"


def test_a_narrow_terminal_parts_no_word(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    word = "--a-very-long-name-of-an-option-that-there-is-not-anywhere"
    with pytest.raises(UserError, match=f"Unrecognized options: {word};"):
        parsed(["list", word])
    assert os.environ["COLUMNS"] == "30"
