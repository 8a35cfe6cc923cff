"""Files that are never half-written, checkpoints without pickle, and one writer per folder."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import safetensors.torch
import torch

_log = logging.getLogger("paceline")


class UserError(Exception):
    """A user's mistake or a full disk: one line that says what was expected, what came, what to do. Exit code 2."""


def describe(error: BaseException) -> str:
    """An exception in one line; kinds whose message alone says little are named."""
    message = " ".join(str(error).split())
    return message if isinstance(error, ValueError | OSError) and message else f"{type(error).__name__}: {message}"


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Writes to a temporary file beside ``path``, flushes it to the disk and renames it: the old content or the new.

    Raises:
        UserError: the disk is full or the folder cannot be written; ``path`` is as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except Exception as error:
        temporary.unlink(missing_ok=True)
        # Parquet and safetensors writers wrap the operating system's error in types of their own.
        if isinstance(error, OSError) or "os error" in str(error).lower() or "I/O error" in str(error):
            raise UserError(
                f"cannot write {path}: {error}; what was written before is intact: free space or choose another --out, "
                "then give the same command again"
            ) from error
        raise


def write_json(path: Path, content: Any) -> None:
    """Writes JSON atomically."""
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    write_atomically(path, lambda temporary: _write_text(temporary, text))


def write_text(path: Path, text: str) -> None:
    """Writes text atomically."""
    write_atomically(path, lambda temporary: _write_text(temporary, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def write_table(path: Path, table: pl.DataFrame) -> None:
    """Writes parquet atomically."""
    write_atomically(path, lambda temporary: table.write_parquet(temporary))


def read_json(path: Path) -> Any:
    """Reads JSON.

    Raises:
        UserError: the file is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {error}; move the folder away, or start anew with --overwrite") from error


def write_sealed(path: Path, content: dict[str, Any]) -> None:
    """Writes JSON atomically, with a checksum of its own, that ``read_sealed`` holds it against."""
    write_json(path, {**content, "checksum": _seal(content)})


def read_sealed(path: Path) -> dict[str, Any]:
    """Reads what ``write_sealed`` wrote, without its checksum.

    Raises:
        UserError: the file is damaged.
    """
    try:
        found = read_json(path)
    except UserError as error:
        if isinstance(error.__cause__, OSError):  # not there, or not ours to read
            raise
        found = None  # no JSON
    seal = found.pop("checksum", None) if isinstance(found, dict) else None
    if seal is None or seal != _seal(found):
        raise UserError(
            f"{path} is damaged: it does not hold what its checksum says (or is of an older version); restore it, or "
            f"move {path.parent} away and give the command that made it again"
        )
    content: dict[str, Any] = found
    return content


def _seal(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def checksums(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Of files: the first half of their SHA-256."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest()[:32] for name in names}


def refuse_damaged(folder: Path, kept: dict[str, str]) -> None:
    """Raises ``UserError`` that names the first file which is not what its checksum says."""
    if (name := first_damaged(folder, kept)) is not None:
        path = folder / name
        raise UserError(
            f"{path} is {'damaged' if path.exists() else 'gone'}: it is not what {folder / 'summary.json'} says; "
            f"delete {folder} and give the command that made it again: this lifetime is run anew, others are kept"
        )


def first_damaged(folder: Path, kept: dict[str, str]) -> str | None:
    """The first file that is not what its checksum says, or is gone."""
    return next((n for n, sum_ in kept.items() if not (folder / n).exists() or checksums(folder, [n])[n] != sum_), None)


def holds_nan(state: Any) -> bool:
    """Whether an array or tensor of a nested state holds NaN (infinities may be masks)."""
    if isinstance(state, dict):
        return any(map(holds_nan, state.values()))
    if isinstance(state, list | tuple):
        return any(map(holds_nan, state))
    if isinstance(state, torch.Tensor):
        return bool(torch.isnan(state).any())
    return isinstance(state, np.ndarray) and state.dtype.kind == "f" and bool(np.isnan(state).any())


_OUTLINE = "outline"  # of a checkpoint: its nesting and its plain values, as JSON


def save_checkpoint(path: Path, state: Any) -> None:
    """Saves nested dicts, lists and tuples of arrays, tensors and plain values: safetensors, no pickle, atomically."""
    tensors: dict[str, torch.Tensor] = {}
    outline = json.dumps(_flatten(state, tensors)).encode()
    # A tensor: as metadata it would lie in the header, which takes 100 MB and no more, and rows of a lifetime add up.
    tensors[_OUTLINE] = torch.from_numpy(np.frombuffer(outline, dtype=np.uint8).copy())
    kept = {"checksum": _checksum(tensors)}
    write_atomically(path, lambda temporary: safetensors.torch.save_file(tensors, temporary, kept))


def _checksum(tensors: dict[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:32]


def load_checkpoint(path: Path) -> Any:
    """Loads what ``save_checkpoint`` saved: arrays as arrays, tensors as tensors.

    Raises:
        UserError: the file is damaged.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            kept = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        if _checksum(tensors) != kept["checksum"]:
            raise ValueError("it does not hold what its checksum says")
        outline = json.loads(tensors.pop(_OUTLINE).numpy().tobytes())
    except (OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise UserError(
            f"checkpoint {path} is damaged ({error}): delete it to start this lifetime anew, or use --overwrite"
        ) from error
    return _unflatten(outline, tensors)


def _previous(path: Path) -> Path:
    return path.with_name(f"{path.stem}-previous{path.suffix}")


def keep_checkpoint(path: Path, state: Any) -> None:
    """Saves a checkpoint, keeping the one before it beside it."""
    if path.exists():
        os.replace(path, _previous(path))
    save_checkpoint(path, state)


def last_good_checkpoint(path: Path) -> Any:
    """What ``keep_checkpoint`` saved last, or what it had saved before where the last is damaged; None without any.

    A damaged one is named in the log, and kept as ``.damaged``.

    Raises:
        UserError: all there are are damaged.
    """
    there = [one for one in (path, _previous(path)) if one.exists()]
    for one in there:
        try:
            return load_checkpoint(one)
        except UserError as error:
            if one == there[-1]:
                raise
            _log.warning("%s; going on from the one before it", error)
            os.replace(one, one.with_suffix(".damaged"))
    return None


def drop_checkpoint(path: Path) -> None:
    """Deletes both."""
    path.unlink(missing_ok=True)
    _previous(path).unlink(missing_ok=True)


def _flatten(node: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """JSON that keeps the nesting and the kinds; tensors go to the side, by number."""
    if isinstance(node, dict):
        return {"dict": [[key, _flatten(value, tensors)] for key, value in node.items()]}
    if isinstance(node, list | tuple):
        return {type(node).__name__: [_flatten(item, tensors) for item in node]}
    if isinstance(node, np.ndarray | torch.Tensor):
        name = str(len(tensors))
        array = isinstance(node, np.ndarray)
        # Cloned: safetensors refuses tensors that share memory.
        tensors[name] = torch.from_numpy(np.array(node)) if array else node.detach().cpu().contiguous().clone()  # type: ignore[union-attr]
        return {"array" if array else "tensor": name}
    if isinstance(node, np.generic):
        return {"value": node.item()}
    if node is None or isinstance(node, bool | int | float | str):
        return {"value": node}
    raise TypeError(
        f"a state may hold dicts, lists, tuples, arrays, tensors and plain values; got {type(node).__name__}"
    )


def _unflatten(node: dict[str, Any], tensors: dict[str, torch.Tensor]) -> Any:
    ((kind, content),) = node.items()
    if kind == "dict":
        return {key: _unflatten(value, tensors) for key, value in content}
    if kind in ("list", "tuple"):
        items = [_unflatten(item, tensors) for item in content]
        return items if kind == "list" else tuple(items)
    if kind == "array":
        return tensors[content].numpy()
    return tensors[content] if kind == "tensor" else content


@contextmanager
def only_writer(folder: Path, wait: float = 0.0, otherwise: str = "or choose another --out") -> Iterator[None]:
    """Holds the folder for this process; the operating system lets go of it when the process dies.

    Args:
        folder: made if it is not there.
        wait: seconds to wait for another writer to end.
        otherwise: what else to do than to wait, where it is refused.

    Raises:
        UserError: another process writes here, or the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("w")
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror}; choose another --out") from error
    with file:
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= until:
                    raise UserError(
                        f"another process is writing to {folder}: wait for it to end, {otherwise}"
                    ) from error
                time.sleep(0.1)
        for left in folder.glob(".*.tmp"):  # of a writer that was killed while it wrote
            left.unlink(missing_ok=True)
        yield
