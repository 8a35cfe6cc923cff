"""Settings, numbers and command lines at random: a lifetime that can begin, or one line that says why not."""

import contextlib
import dataclasses
import io
import math
import re
import tempfile
import typing

import numpy as np
import polars as pl
import pytest
from fuzz_support import HUGE, JUNK, QUIET, code_of
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks import cli
from benchmarks.assembly import build
from benchmarks.settings import STUDENTS, SUITES, TEACHERS, WRAPPERS, Cell, Schedule
from benchmarks.store import UserError
from envs.tasks.real import text

pytestmark = pytest.mark.filterwarnings("ignore")
INTS = st.sampled_from([-3, -1, 0, 1, 2, 3, 5, 8, 12])
FLOATS = st.sampled_from([float("nan"), float("inf"), -1.0, 0.0, 1e-12, 0.1, 0.5, 1.0, 1.5, 30.0])
WORDS = st.sampled_from(
    ["", "x", "a,b", "uniform", "nowhere.csv", "mine:thing", "../..", "texts", "email", "wave.csv", "matplotlib:eeg"]
)
# What reads a network, or needs an extra, has tests of its own.
AWAY = {"hf", "reasoning", "gpt2"}
DOMAINS = ("modules", "asyncio", "email", "encodings")
# Suites of real data begin from what lies in the folder that the tests stand in, and from short windows.
REAL = {
    "text": {"source": ("texts",), "contexts": (4, 8)},
    "forecast": {"source": "wave.csv", "granularities": (1, 2), "horizons": (2, 4), "contexts": (4, 8)},
}


@pytest.fixture(scope="module", autouse=True)
def _here(tmp_path_factory):
    """Stands in a folder of short texts and a short series, two levels below an empty one, where ``../..`` leads to.

    Where the suite of texts would read the standard library, whose files are many, it reads these texts.
    """
    folder, rng = tmp_path_factory.mktemp("away") / "from" / "home", np.random.default_rng(0)
    files = {name: [folder / "texts" / name / f"{n}.txt" for n in range(4)] for name in DOMAINS}
    for file in (file for own in files.values() for file in own):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(rng.integers(97, 123, 300, dtype=np.uint8).tobytes())
    series = {"day": [f"day {n}" for n in range(400)], "level": rng.normal(size=400).cumsum()}
    pl.DataFrame(series).write_csv(folder / "wave.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(text, "_standard_library", lambda: files)
        yield


def values(kind, default):
    """Values of a field: of its kind, most of them out of range, or its default."""
    for one in (bool, int, float, str):
        if typing.get_args(kind) == (one, type(None)):
            return st.none() | values(one, one())
    if typing.get_origin(kind) is typing.Literal:
        return st.sampled_from(typing.get_args(kind))
    if isinstance(default, bool):
        return st.booleans()
    if isinstance(default, int):
        return INTS
    if isinstance(default, float):
        return FLOATS
    if isinstance(default, str):
        return WORDS | st.just(default)
    if isinstance(default, tuple):
        first = typing.get_args(kind)[0]
        inner = FLOATS if first is float else WORDS if first is str else INTS
        return st.lists(inner, max_size=3).map(tuple) | st.sets(inner, max_size=3).map(sorted).map(tuple)
    return st.just(default)


@st.composite
def changed(draw, component):
    """Up to three fields of a component, changed."""
    fields = [field for field in dataclasses.fields(component) if field.init and field.name != "compile"]  # minutes
    if not fields:
        return {}
    kinds = typing.get_type_hints(type(component))
    chosen = draw(st.lists(st.sampled_from(fields), max_size=3, unique_by=lambda field: field.name))
    return {f.name: draw(values(kinds[f.name], getattr(component, f.name))) for f in chosen}


def fuzzed(cell):
    try:
        suite, _, _ = build(cell)
    except UserError as error:
        said = str(error)
        assert "\n" not in said and said.strip(), repr(said)
        assert " (at " not in said, f"a mistake that nobody foresaw: {said}"
        return
    losses = np.array([0.0, 1e-9, 1.0, 5.0, 50.0])
    for arm in range(suite.num_arms):
        found = suite.task_of(arm)[0].competence(losses, losses / 50, losses / 50)
        assert ((found >= 0) & (found <= 1)).all(), found


SMALL = {"reverse": {"lengths": (1, 2)}, "gru": {"width": 8}}


@pytest.mark.parametrize("name", sorted(set(SUITES) - AWAY))
def test_suites(name):
    @QUIET
    @given(changed(SUITES[name][0]))
    def check(options):
        told = {"suite": {**REAL.get(name, {}), **options}, "student": SMALL["gru"]}
        fuzzed(Cell(name, "gru", "uniform", 0, Schedule(20, 4, 5, 10), options=told))

    check()


@pytest.mark.parametrize("name", sorted(set(STUDENTS) - AWAY))
def test_students(name):
    small = {key: value for key, value in {"width": 8, "past": 2}.items() if hasattr(STUDENTS[name], key)}

    @QUIET
    @given(changed(STUDENTS[name]))
    def check(options):
        options = {**small, **options, "device": "cpu"}
        cell = Cell("reverse", name, "uniform", 0, Schedule(20, 4, 5, 10))
        fuzzed(dataclasses.replace(cell, options={"suite": SMALL["reverse"], "student": options}))

    check()


@pytest.mark.parametrize("name", sorted({*TEACHERS, *(f"exp3s+{wrapper}" for wrapper in WRAPPERS)}))
def test_teachers(name):
    inner, _, wrapper = name.partition("+")

    @QUIET
    @given(changed(TEACHERS[inner]), changed(WRAPPERS[wrapper]) if wrapper else st.just(None))
    def check(options, wrapped):
        taught = options if wrapped is None else {**options, f"+{wrapper}": wrapped}
        cell = Cell("reverse", "gru", name, 0, Schedule(20, 4, 5, 10))
        fuzzed(
            dataclasses.replace(cell, options={"suite": SMALL["reverse"], "student": SMALL["gru"], "teacher": taught})
        )

    check()


@given(st.tuples(INTS, INTS, INTS, INTS), INTS, INTS, st.sampled_from(["PG", "accuracy_gain", "x", ""]))
@settings(QUIET, max_examples=100)
def test_schedules(schedule, seed, probe_size, signal):
    cell = Cell("reverse", "gru", "exp3s", seed, Schedule(*schedule), signal, probe_size=probe_size)
    fuzzed(dataclasses.replace(cell, options={"suite": SMALL["reverse"], "student": SMALL["gru"]}))


def told(act):
    """What an act says that it cannot do: one line, of a mistake that was foreseen. Nothing if it can."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            act()
        except UserError as error:
            said = str(error)
            assert said.strip() and "\n" not in said and "-----" not in said and "__" not in said, repr(said)
            assert not re.search(r"\(at [^)]*:\d+\)|[Tt]raceback", said), f"a mistake that nobody foresaw: {said}"
            return said
    return None


COMMANDS = cli._commands(["run", "reverse"])


@st.composite
def command_lines(draw, command):
    """Flags of a command, of others and of none, with values of any kind; and values without flags."""
    own = [f"--{field.name.replace('_', '-')}" for field in dataclasses.fields(COMMANDS[command])]
    flags = st.sampled_from([*own, "--exp3s.eta", "--lstm.width", "--addition-small.digits", "--ppo.net", "--no-view"])
    words = draw(st.lists(flags | JUNK | st.sampled_from(["reverse", "uniform"]), max_size=5))
    return [command, *words]


@pytest.mark.parametrize("command", list(COMMANDS))
def test_command_lines(command):
    @settings(QUIET, max_examples=5)
    @given(command_lines(command))
    def check(words):
        told(lambda: cli.parsed(words))

    check()


NUMBERS = {
    "--budget": [-1, 0, 1, 3, 4],
    "--batch-size": [-1, 0, 1, 8, HUGE],
    "--evaluate-every": [-1, 0, 1, 3, HUGE],
    "--seed": [-1, 0, 2**63 - 1, 2**63, HUGE],
    "--probe-size": [-1, 0, 1, HUGE],
    "--tokens-per-update": [-1, 0, 1, 64, HUGE],
    "--checkpoint-every": [-1, 0, 1, HUGE],
    "--gru.width": [-1, 0, 1, 8, HUGE],
    "--gru.learning-rate": ["nan", "inf", "-1", "0", "1e-3", "1e300"],
}
GIVEN = st.one_of([st.tuples(st.just(flag), st.sampled_from(values)) for flag, values in NUMBERS.items()])


@settings(QUIET, max_examples=6)
@given(st.lists(GIVEN, min_size=1, max_size=4, unique_by=lambda given: given[0]))
@example([("--batch-size", HUGE)])
@example([("--tokens-per-update", HUGE)])
@example([("--probe-size", HUGE), ("--signal", "SPG")])
@example([("--gru.learning-rate", "1e300")])
@example([("--evaluate-every", HUGE), ("--seed", 2**63 - 1), ("--checkpoint-every", 1)])
def test_runs_of_two_decisions(flags):
    with tempfile.TemporaryDirectory() as out:
        words = ["run", "reverse", "--reverse.lengths", "1", "2", "--student", "gru", "--gru.width", "8"]
        words += ["--budget", "4", "--updates-per-decision", "2", "--batch-size", "4", "--evaluate-every", "4"]
        words += ["--wandb", "disabled", "--out", f"{out}/run", *(str(word) for flag in flags for word in flag)]
        told(lambda: cli.parsed(words).execute())


def flags_of(suite, options):
    """Settings of a suite as the words of a command line."""
    for field, value in options.items():
        yield f"--{suite}.{field.replace('_', '-')}"
        yield from map(str, value if isinstance(value, tuple) else (value,))


FAULTS = {
    "text": [{"source": ("",), "domains": ("texts",)}, {"contexts": (HUGE,)}, {"start_bits": math.inf}],
    "forecast": [{"num_bins": 65_537}, {"num_bins": HUGE}, {"horizons": (HUGE,)}],
}


@pytest.mark.parametrize("suite", list(REAL))
def test_runs_on_real_data(suite, tmp_path):
    def code(options):
        words = ["run", suite, *flags_of(suite, {**REAL[suite], **options}), "--student", "gru", "--gru.width", "8"]
        words += ["--budget", "4", "--updates-per-decision", "2", "--batch-size", "4", "--evaluate-every", "4"]
        return code_of([*words, "--wandb", "disabled", "--out", f"{tmp_path}/run", "--overwrite"])

    @settings(QUIET, max_examples=2)
    @given(changed(SUITES[suite][0]))
    def check(options):
        assert code(options) in ({0, 2} if options else {0})

    assert [code(fault) for fault in FAULTS[suite]] == [2, 2, 2]
    check()


@pytest.mark.parametrize("suite", list(REAL))
def test_command_lines_of_real_data(suite):
    own = [f"--{suite}.{field.name.replace('_', '-')}" for field in dataclasses.fields(SUITES[suite][0])]

    @settings(QUIET, max_examples=3)
    @given(st.lists(st.sampled_from(own) | JUNK, max_size=5))
    def check(words):
        told(lambda: cli.parsed(["run", suite, *words]))

    check()
