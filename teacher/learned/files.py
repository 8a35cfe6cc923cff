"""A learned teacher on disk: weights in safetensors, all else in JSON beside them; nothing is ever unpickled."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from teacher.learned.network import MEMORY_SHAPES, SHAPES, Weights, num_units

FORMAT, VERSION = "paceline.teacher", 1
WEIGHTS, CARD = "teacher.safetensors", "teacher.json"

_AGAIN = "train it again with `paceline meta-train`, or get the file anew"


@dataclass(frozen=True, eq=False)
class LearnedPolicy:
    """A network and what is known of it.

    Attributes:
        weights: as ``network.scores`` reads them.
        features: names of the features that it reads, in order.
        card: what is known of its training and evaluation.
        fingerprint: hash of weights and features.
    """

    weights: Weights
    features: tuple[str, ...]
    card: dict[str, Any]
    fingerprint: str


def fingerprint(weights: Weights, features: tuple[str, ...]) -> str:
    """Short hash of what decides."""
    digest = hashlib.sha256(json.dumps(features).encode())
    for name in sorted(weights):
        digest.update(name.encode() + np.ascontiguousarray(weights[name], dtype=np.float32).tobytes())
    return digest.hexdigest()[:16]


def refuse_bad_weights(weights: Weights, features: tuple[str, ...], where: str) -> None:
    """Raises ``ValueError`` unless the weights are those of the network: all there, of one width, finite."""
    shapes = {**SHAPES, **(MEMORY_SHAPES if set(weights) & set(MEMORY_SHAPES) else {})}
    if set(weights) != set(shapes):
        raise ValueError(
            f"{where} must hold the weights {', '.join(shapes)}; got {', '.join(sorted(weights))}: {_AGAIN}"
        )
    width = len(weights["mix.bias"]) if weights["mix.bias"].ndim == 1 else 0
    units = num_units(weights)
    sizes = {"width": width, "2 width": 2 * width, "features": len(features), "1": 1}
    sizes |= {"memory": units, "4 memory": 4 * units}
    for name, shape in shapes.items():
        expected = tuple(sizes[size] for size in shape)
        if weights[name].shape != expected:
            raise ValueError(f"{name} of {where} must have shape {expected}; got {weights[name].shape}: {_AGAIN}")
        if not np.isfinite(weights[name]).all():
            raise ValueError(f"{name} of {where} holds values that are not finite: {_AGAIN}")


def save_policy(folder: str | Path, weights: Weights, features: tuple[str, ...], card: dict[str, Any]) -> str:
    """Writes both files, each beside its place and then renamed, the JSON last; returns the fingerprint.

    Raises:
        ValueError: weights that are none.
        OSError: the folder cannot be written.
    """
    folder = Path(folder)
    refuse_bad_weights(weights, features, "the policy")
    folder.mkdir(parents=True, exist_ok=True)
    name = fingerprint(weights, features)
    arrays = {key: np.ascontiguousarray(value, dtype=np.float32) for key, value in weights.items()}
    _replace(folder / WEIGHTS, safetensors.numpy.save(arrays, {"fingerprint": name}))
    described = {"format": FORMAT, "version": VERSION, "fingerprint": name, "features": list(features), **card}
    _replace(folder / CARD, (json.dumps(described, indent=2, allow_nan=False) + "\n").encode())
    return name


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_policy(folder: str | Path) -> LearnedPolicy:
    """Reads a folder that ``save_policy`` wrote.

    Raises:
        ValueError: not there, damaged, of another version, or weights and JSON that do not belong together.
    """
    folder = Path(folder)
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"cannot read the teacher {folder / CARD}: {error}; {_AGAIN}") from error
    what = {k: card.get(k) for k in ("format", "version")} if isinstance(card, dict) else type(card).__name__
    if what != {"format": FORMAT, "version": VERSION}:
        raise ValueError(f"{folder / CARD} must be a {FORMAT} of version {VERSION}; got {what}: {_AGAIN}")
    features = card.get("features")
    if not isinstance(features, list) or not features or not all(isinstance(name, str) for name in features):
        raise ValueError(f"features of {folder / CARD} must be names; got {features}: {_AGAIN}")
    try:
        weights = safetensors.numpy.load((folder / WEIGHTS).read_bytes())
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise ValueError(f"cannot read the teacher {folder / WEIGHTS}: {error}; {_AGAIN}") from error
    refuse_bad_weights(weights, tuple(features), str(folder / WEIGHTS))
    name = fingerprint(weights, tuple(features))
    if card.get("fingerprint") != name:
        raise ValueError(
            f"{folder / WEIGHTS} has the fingerprint {name}, {CARD} beside it describes {card.get('fingerprint')}: "
            f"one of them was changed; {_AGAIN}"
        )
    return LearnedPolicy(weights, tuple(features), card, name)
