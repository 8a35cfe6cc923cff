"""Settings at random, of every component: a lifetime that can begin, or one line that says why not."""

import dataclasses
import typing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.assembly import build
from benchmarks.settings import STUDENTS, SUITES, TEACHERS, WRAPPERS, Cell, Schedule
from benchmarks.store import UserError

pytestmark = pytest.mark.filterwarnings("ignore")
INTS = st.sampled_from([-3, -1, 0, 1, 2, 3, 5, 8, 12])
FLOATS = st.sampled_from([float("nan"), float("inf"), -1.0, 0.0, 1e-12, 0.1, 0.5, 1.0, 1.5, 30.0])
WORDS = st.sampled_from(["", "x", "a,b", "uniform", "nowhere.csv", "mine:thing", "../.."])
# What reads files or a network, or needs an extra, has tests of its own.
AWAY = {"hf", "reasoning", "text", "forecast", "gpt2"}


def values(kind, default):
    """Values of a field: of its kind, most of them out of range, or its default."""
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
        return st.lists(inner, max_size=3).map(tuple)
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
        build(cell)
    except UserError as error:
        said = str(error)
        assert "\n" not in said and said.strip(), repr(said)
        assert " (at " not in said, f"a mistake that nobody foresaw: {said}"


QUIET = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
SMALL = {"reverse": {"lengths": (1, 2)}, "gru": {"width": 8}}


@pytest.mark.parametrize("name", sorted(set(SUITES) - AWAY))
def test_suites(name):
    @QUIET
    @given(changed(SUITES[name][0]))
    def check(options):
        fuzzed(
            Cell(name, "gru", "uniform", 0, Schedule(20, 4, 5, 10), options={"suite": options, "student": SMALL["gru"]})
        )

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
