"""The Python blocks of README and docs run as they stand."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCKS = [
    pytest.param(block, id=f"{path.name}-{number}")
    for path in (ROOT / "README.md", ROOT / "docs/extending.md")
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", path.read_text(), re.S | re.M))
]


@pytest.mark.parametrize("block", BLOCKS)
def test_block_runs(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "block", "exec"), {"__name__": "readme"})


def test_there_are_blocks_and_the_readme_is_short():
    assert len(BLOCKS) >= 4
    assert len((ROOT / "README.md").read_text().splitlines()) < 200


@pytest.mark.parametrize("flag", ["--teachers", "--students", "--seeds", "--exp3s.eta", "--wandb", "--signal", "--out"])
def test_flags_of_the_readme_exist(flag, paceline):
    assert flag in paceline("bench", "--help").stdout
