"""What a result was made with: versions, processor, revision."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("paceline", "torch", "numpy", "gymnasium", "scipy")


def environment() -> dict[str, str]:
    """Versions of what results depend on, the processor, and the git revision (``-dirty`` with uncommitted changes)."""
    versions = {name: _version(name) for name in _PACKAGES}
    return {"python": platform.python_version(), **versions, "processor": _processor(), "revision": _revision()}


def mismatch(recorded: dict[str, str]) -> str | None:
    """One line that says in what the present differs from a record, if in anything that moves bits; else None."""
    now = environment()
    differing = [
        f"{name} {recorded.get(name)} -> {now[name]}"
        for name in now
        if name != "revision" and recorded.get(name) != now[name]
    ]
    if not differing:
        return None
    return f"resumed with {', '.join(differing)}: results may differ in the last bits from an uninterrupted run"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _revision() -> str:
    here = Path(__file__).parent
    try:
        head = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=here,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return head.stdout.strip() or "unknown"
