"""The folder of a meta-training: what it may hold, and the settings it was begun with."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any

from benchmarks.provenance import environment, mismatch
from benchmarks.store import UserError, drop_checkpoint, read_json, write_json
from benchmarks.terminal import say
from teacher.learned.files import CARD, WEIGHTS


def refuse_foreign_folder(out: Path) -> None:
    """Leaves a folder alone that holds something else than a teacher.

    Raises:
        UserError: it does.
    """
    if out.exists() and not out.is_dir():
        raise UserError(f"--out must be a folder; {out} is a file")
    others = [p for p in out.iterdir() if not p.name.endswith((".lock", ".tmp"))] if out.is_dir() else []
    if others and not (out / "settings.json").exists() and not (out / CARD).exists():
        raise UserError(f"{out} holds files but no teacher: choose another --out")


def prepare(out: Path, plain: dict[str, Any], overwrite: bool) -> None:
    """Writes a folder's settings, or compares with them.

    Args:
        out: the folder.
        plain: settings that results depend on.
        overwrite: whether what it holds is deleted first.

    Raises:
        UserError: it holds a training with others, or something else.
    """
    path = out / "settings.json"
    recorded = read_json(path) if path.exists() else None
    if recorded is not None and not (isinstance(recorded, dict) and isinstance(recorded.get("meta_train"), dict)):
        raise UserError(f"{out} holds results of something else than meta-train: choose another --out")
    if overwrite:
        for name in (CARD, WEIGHTS, "progress.json"):  # the card first; settings are replaced
            (out / name).unlink(missing_ok=True)
        drop_checkpoint(out / "checkpoint.safetensors")
        shutil.rmtree(out / "judged", ignore_errors=True)
        recorded = None
    if (out / CARD).exists() and not path.exists():
        raise UserError(f"{out} holds a teacher that was not trained here: choose another --out")
    given = listed(plain)
    if recorded is None:
        record = {"meta_train": given, "environment": environment(), "id": uuid.uuid4().hex[:16]}
        write_json(path, record)
        return
    kept = recorded["meta_train"]
    if kept != given:
        name = next((key for key in given if kept.get(key) != given[key]), "settings")
        raise UserError(
            f"{out} holds a training with other settings ({name} {kept.get(name)}, now {given.get(name)}): "
            "choose another --out, or --overwrite"
        )
    if said := mismatch(recorded["environment"]):
        say(said)


def listed(value: Any) -> Any:
    """As JSON gives it back: tuples are lists."""
    if isinstance(value, dict):
        return {key: listed(inner) for key, inner in value.items()}
    return [listed(inner) for inner in value] if isinstance(value, list | tuple) else value
