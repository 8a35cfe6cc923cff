"""The floors import only what they may, files stay small, and no drawer is called utils."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("envs", "student", "teacher", "benchmarks")
SOURCES = [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]

# Third-party packages and floors that each floor may import; None: all.
ALLOWED = {
    "envs": {"envs", "numpy", "gymnasium", "scipy"},
    "student": {"student", "envs", "numpy", "torch"},
    "teacher": {"teacher", "numpy", "gymnasium", "scipy", "safetensors"},
    "benchmarks": None,
}
# The training of learned teachers: what runs them needs neither.
TRAINING = {f"teacher/learned/{name}.py": {"torch", "stable_baselines3"} for name in ("policy", "training", "vec_env")}
TRAINING["teacher/learned/recurrent.py"] = {"torch", "sb3_contrib"}  # imported only where a memory is asked for
TRACKING = {f"benchmarks/tracking/{name}.py" for name in ("connection", "curve", "lifetimes", "standing")}
ONLY_IN = {"wandb": TRACKING, "stable_baselines3": {*TRAINING, "benchmarks/studies/meta.py"}}
# What a floor may not import but for one file, and there inside a function: extras, and readers of files.
INSIDE = {
    "envs/tasks/real/hugging_face.py": {"datasets"},
    "envs/tasks/real/gym.py": {"reasoning_gym"},
    "teacher/learned/training.py": {"sb3_contrib"},
    "teacher/progress/alp_gmm.py": {"sklearn"},
    "envs/tasks/real/series.py": {"matplotlib", "polars", "statsmodels"},
    "student/models/hugging_face.py": {"transformers"},
}


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.ImportFrom):
            yield "relative import"


def violations(source, place):
    """What a file at ``place`` (relative to the root) must not import."""
    import sys

    floor = place.split("/")[0]
    names = set(imported(ast.parse(source))) - set(sys.stdlib_module_names)
    allowed = ALLOWED[floor]
    found = set() if allowed is None else names - allowed - INSIDE.get(place, set()) - TRAINING.get(place, set())
    return found | {name for name in names if name in ONLY_IN and place not in ONLY_IN[name]}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_only_what_its_floor_may(path):
    assert not violations(path.read_text(), str(path.relative_to(ROOT)))


@pytest.mark.parametrize(("place", "packages"), INSIDE.items())
def test_extras_are_imported_where_they_are_needed_and_when(place, packages):
    tree = ast.parse((ROOT / place).read_text())
    top = {name for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom) for name in imported(node)}
    assert packages <= set(imported(tree)) and not packages & top


def test_the_rule_itself_finds_violations():
    assert violations("def f():\n    import torch", "envs/suite.py") == {"torch"}
    assert violations("from student import LSTM", "teacher/exp3.py") == {"student"}
    assert violations("import wandb", "benchmarks/report/page.py") == {"wandb"}
    assert not violations("import wandb", "benchmarks/tracking/curve.py")
    assert violations("import torch, stable_baselines3", "teacher/learned/files.py") == {"torch", "stable_baselines3"}
    assert not violations("import torch, stable_baselines3", "teacher/learned/training.py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_small_and_named_for_what_they_hold(path):
    assert len(path.read_text().splitlines()) <= 300
    assert path.stem not in {"utils", "util", "common", "helpers", "misc", "base"}


@pytest.mark.parametrize("path", [p for p in SOURCES if p.name == "__init__.py"], ids=lambda p: str(p.parent.name))
def test_init_only_re_exports(path):
    for node in ast.parse(path.read_text()).body:
        registers = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)  # gymnasium.register in envs
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        assert isinstance(node, ast.Import | ast.ImportFrom) or docstring or (registers and path.parent.name == "envs")


def test_importing_the_ground_and_the_teachers_loads_no_torch():
    import subprocess
    import sys

    code = (
        "import envs, teacher, gymnasium; gymnasium.make('paceline/Curriculum-v0'); "
        "import sys; print('torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout.strip() == "False"


def test_the_command_line_starts_without_what_only_reports_and_training_of_teachers_need():
    import subprocess
    import sys

    heavy = ["matplotlib", "scipy.stats", "stable_baselines3", "wandb", "transformers", "ray", "reasoning_gym"]
    code = f"import benchmarks.cli, benchmarks.lifetime, sys; print([name for name in {heavy} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout.strip() == "[]"


def unpickling(source):
    """What in a file unpickles, or may: modules that do, and readers of other packages' that do unless told not to."""
    tree = ast.parse(source)
    found = set(imported(tree)) & {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    readers = {
        ("torch", "load"),
        ("jit", "load"),
        ("hub", "load"),
        ("torch.jit", "load"),
        ("pd", "read_pickle"),
        ("pandas", "read_pickle"),
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            whose = getattr(node.value, "id", None) or getattr(node.value, "attr", "")
            if (whose, node.attr) in readers or (node.attr == "load" and whose.removeprefix("Recurrent") in ALGORITHMS):
                found.add(f"{whose}.{node.attr}")
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{one.name}" for one in node.names if (node.module, one.name) in readers}
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found.add("allow_pickle")
    return found


ALGORITHMS = {"PPO", "A2C", "DQN", "SAC", "TD3", "DDPG", "BaseAlgorithm", "OnPolicyAlgorithm"}  # of Stable-Baselines3


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_is_ever_unpickled(path):
    assert not unpickling(path.read_text())


@pytest.mark.parametrize(
    "source",
    [
        *("import pickle", "import _pickle", "from joblib import load", "torch.load('x')", "from torch import load"),
        *("np.load('x', allow_pickle=True)", "sb.PPO.load('x')", "RecurrentPPO.load('x')", "pd.read_pickle('x')"),
    ],
)
def test_what_unpickles_is_seen(source):
    assert unpickling(source)
