"""The Python blocks of README and docs run as they stand."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def python_blocks(page):
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.S | re.M)


@pytest.mark.parametrize(
    "page",
    ["README.md", "docs/extending.md", "docs/students.md", "docs/teachers/wrappers.md", "docs/teachers/general.md"],
)
def test_blocks_run_one_after_the_other(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "readme"}
    for number, block in enumerate(python_blocks(page)):
        exec(compile(block, f"{page}-{number}", "exec"), names)


def test_the_command_line_takes_what_the_page_writes(tmp_path, paceline, paceline_here):
    """The commands of docs/extending.md, on a module that holds its first two kinds of block: a model and a task."""
    text = (ROOT / "docs/extending.md").read_text()
    model, task = (next(b for b in python_blocks("docs/extending.md") if word in b) for word in ("Bigram", "Swap"))
    (tmp_path / "my_module.py").write_text(model + task)
    (commands,) = re.findall(r"^```console\n(.*?)^```", text, re.S | re.M)
    for line in commands.splitlines():
        run = paceline if " bench " in line else paceline_here  # which starts workers
        shown = run(*shlex.split(line.removeprefix("$ paceline ")))
        if "doctor" in line:  # a model without memory breaks no law
            assert "14 of 14 laws hold" in shown.stdout, shown.stdout
        assert shown.returncode == 0, shown.stderr
    assert list(tmp_path.glob("runs/*/report.html"))


def test_there_are_blocks_and_the_readme_is_short():
    assert len(python_blocks("README.md")) >= 2 and len(python_blocks("docs/extending.md")) >= 5
    assert len((ROOT / "README.md").read_text().splitlines()) < 200


@pytest.mark.parametrize("flag", ["--teachers", "--students", "--seeds", "--exp3s.eta", "--wandb", "--signal", "--out"])
def test_flags_of_the_readme_exist(flag, paceline_here):
    assert flag in paceline_here("bench", "--help").stdout
