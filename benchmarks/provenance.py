"""What a result was made with: versions, processor, revision."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("paceline", "torch", "numpy", "gymnasium", "scipy")
_VECTORS = ("amx_tile", "avx512f", "avx2", "avx")


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
        return described(Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except (OSError, KeyError):
        return platform.processor() or platform.machine()


def described(cpuinfo: str) -> str:
    """The first processor of Linux's ``/proc/cpuinfo``: its name, and what tells types of one name apart.

    A virtual machine may say "AMD EPYC" of any generation; which vector instructions it has decides the last bits of a
    product of matrices.

    Raises:
        KeyError: it has no line ``model name``.
    """
    pairs = (line.partition(":") for line in cpuinfo.split("\n\n", 1)[0].splitlines())
    said = {key.strip(): value.strip() for key, _, value in pairs}
    vectors = [name for name in _VECTORS if name in said.get("flags", "").split()]
    parts = [f"{word} {said[key]}" for word, key in (("family", "cpu family"), ("model", "model")) if key in said]
    parts += vectors[:1]
    return f"{said['model name']} ({', '.join(parts)})" if parts else said["model name"]


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
