"""Commands that read what was run, or a model of the user's, with flags at random: done, or one line of why not."""

import dataclasses
import shutil
from pathlib import Path

import pytest
from fuzz_support import HUGE, JUNK, QUIET, code_of
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import cli

pytestmark = pytest.mark.filterwarnings("ignore")
BENCH = ("bench", "reverse", "--reverse.lengths", "1", "2", "--students", "gru", "--gru.width", "8", "--budget", "8")
BENCH += ("--batch-size", "4", "--updates-per-decision", "2", "--evaluate-every", "4", "--workers", "1", "--seeds", "2")
BENCH += ("--teachers", "uniform,exp3s", "--wandb", "disabled", "--out", "bench")
MODEL = "import student\ndef make(vocab_size):\n    return student.GRU(vocab_size, width=8)\n"
# What each is told in any case, and values that it could take, beside those that nobody can.
LEAST = {
    "report": ["bench"],
    "compare": ["bench", "other", "--out", "both"],
    "power": ["bench", "--teachers", "uniform,exp3s"],
    "export": ["bench/cells/reverse/gru/exp3s/seed-0"],
    "profile": [
        "reverse",
        "--student",
        "gru",
        "--gru.width",
        "8",
        "--repeats",
        "1",
        "--arms",
        "1",
        "--batch-size",
        "4",
    ],
    "doctor": ["my_model:make", "--suite", "reverse"],
}
PLAUSIBLE = [
    "bench",
    "other",
    "bench/summary.json",
    "uniform,exp3s",
    "tokens",
    "weights",
    "deepspeed",
    "gru",
    "1",
    "0.5",
]
NUMBERS = ["-1", "0", "0.0", "1.0", "nan", "inf", str(HUGE)]
NEVER = {"wandb", "project", "view", "repeats", "arms"}  # a network; hours


@pytest.fixture(scope="module", autouse=True)
def _here(tmp_path_factory):
    """Stands in a folder that holds two benches and a model, two levels below an empty one."""
    folder = tmp_path_factory.mktemp("away") / "from" / "home"
    folder.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(folder)
        (folder / "my_model.py").write_text(MODEL)
        assert code_of([*BENCH]) == 0
        shutil.copytree("bench", "other")
        yield


@pytest.mark.parametrize("command", list(LEAST))
def test_what_it_is_told_at_least_is_enough(command):
    assert code_of([command, *LEAST[command]]) == 0


@pytest.mark.parametrize("command", list(LEAST))
def test_flags_at_random(command):
    fields = [f.name for f in dataclasses.fields(cli._commands([command])[command]) if f.name not in {*NEVER, "hyper"}]
    flags = st.sampled_from([f"--{name.replace('_', '-')}" for name in fields])
    given_flag = st.tuples(flags, JUNK | st.sampled_from([*PLAUSIBLE, *NUMBERS])).map(list)
    alone = (flags | JUNK).map(lambda word: [word])  # a switch, or a value without a flag
    words = st.lists(given_flag | alone, min_size=1, max_size=3)
    files = [
        Path("my_model.py"),
        Path("bench/settings.json"),
        *Path("bench/cells").rglob("*.*"),
        *Path("other/cells").rglob("*.*"),
    ]
    before = {path: path.read_bytes() for path in files}

    @settings(QUIET, max_examples=5)
    @given(words)
    def check(parts):
        assert code_of([command, *LEAST[command], *(word for part in parts for word in part)]) in (0, 2)
        assert before == {path: path.read_bytes() for path in files}

    check()
