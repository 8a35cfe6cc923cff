"""Byte-level language modelling over real text files."""

from __future__ import annotations

import hashlib
import json
import math
import sysconfig
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from envs.batch import Batch, Floats, Ints
from envs.suite import Axis, Difficulty, Split

Source = str | Path | Mapping[str, Sequence[str | Path]] | Sequence[str | Path]


BYTES = tuple(
    chr(0x2400 + byte) if byte < 32 else "\u2423" if byte == 32 else chr(byte) if byte < 127 else f"\\x{byte:02x}"
    for byte in range(256)
)
"""How a byte is written for a human: one sign each up to 126, a space as an open box."""


class _Corpus(NamedTuple):
    """The documents of one domain and split, laid end to end."""

    text: NDArray[np.uint8]  # (sum of lengths,)
    starts: Ints  # (N,) where each document begins
    lengths: Ints  # (N,)


class TextTask:
    """Next-byte prediction in a window of a document; axes: context length and source domain.

    Each sequence is a window of one document of the domain, at a start drawn uniformly over all windows. Worked
    example, context 4, window ``b"def f"``::

        tokens   d  e  f  ' '
        targets  e  f  ' ' f

    TRAIN, PROBE and TEST hold disjoint *documents*: duplicates (in any domain) and documents too short for one window
    of the longest context are dropped, the rest ordered by content hash; the first tenth is TEST, the next PROBE, the
    others TRAIN.

    Competence is linear in bits per byte: 0 at ``start_bits``, 1 at ``goal_bits`` (fixed beforehand, from calibration
    runs under uniform sampling).

    Args:
        source: a folder (a domain is a subfolder; loose files form the domain ``files``), a
            list of files (one domain, ``text``), or a mapping from domain to files. Default: the source text of the
            running Python's standard library, a domain per top-level package, its single-file modules as ``modules``.
        contexts: window lengths in bytes, easiest (shortest) first.
        domains: names of the domains to keep, in this order; None: all.
        chunk_bytes: cut files into documents of this many bytes (for a corpus of few large files); None: a file is a
            document.
        beyond_contexts: window lengths evaluated and never taught; None: twice the longest. Left out where no document
            of a domain is long enough.
        start_bits: bits per byte at competence 0.
        goal_bits: bits per byte at competence 1.
        mastery: competence from which an arm counts as mastered.
        name: the task's name.

    Raises:
        FileNotFoundError: the folder or a file is not there.
        ValueError: nothing to read, a domain with fewer than three documents, an unknown domain, or parameters out of
            range.
    """

    vocab_size = 256
    symbols = BYTES
    stream = True  # every position predicts the next

    def __init__(
        self,
        source: Source | None = None,
        contexts: Sequence[int] = (32, 64, 128),
        domains: Sequence[str] | None = None,
        chunk_bytes: int | None = None,
        beyond_contexts: Sequence[int] | None = None,
        start_bits: float = 8.0,
        goal_bits: float = 2.0,
        mastery: float = 0.98,
        name: str = "text",
    ):
        contexts = tuple(contexts)
        if not contexts or contexts[0] < 1 or any(b <= a for a, b in pairwise(contexts)):
            raise ValueError(f"contexts must be increasing whole numbers from 1 on; got {list(contexts)}")
        if not math.inf > start_bits > goal_bits >= 0 or not 0 < mastery <= 1:
            raise ValueError(
                "start_bits must be finite and exceed goal_bits >= 0, and mastery be in (0, 1]; "
                f"got start_bits={start_bits}, goal_bits={goal_bits}, mastery={mastery}"
            )
        if chunk_bytes is not None and chunk_bytes < 2:
            raise ValueError(f"chunk_bytes must be at least 2; got {chunk_bytes}")
        self.name, self.mastery = name, mastery
        self.start_bits, self.goal_bits = start_bits, goal_bits
        files = _standard_library() if source is None else _domains_of(source)
        if domains is not None:
            if missing := [d for d in domains if d not in files]:
                raise ValueError(f"unknown text domain {missing[0]!r}; there are: {', '.join(sorted(files))}")
            files = {d: files[d] for d in domains}
        seen: set[str] = set()
        documents = {d: _read(paths, chunk_bytes, contexts[-1], seen) for d, paths in files.items()}
        if source is None and domains is None:
            documents = {d: docs for d, docs in documents.items() if len(docs) >= 3}
        self._corpora = {d: _split(d, docs, contexts[-1]) for d, docs in documents.items()}
        self.axes = (Axis("context", contexts), Axis("domain", tuple(self._corpora), ordered=False))
        longer = (2 * contexts[-1],) if beyond_contexts is None else tuple(beyond_contexts)
        self.beyond: tuple[Difficulty, ...] = tuple(
            {"context": c, "domain": d}
            for c in longer
            for d in self._corpora
            if self._corpora[d][Split.TEST].lengths.max() > c
        )
        hashes = {d: [hashlib.sha256(doc).hexdigest() for doc in docs] for d, docs in documents.items()}
        described = json.dumps([contexts, longer, start_bits, goal_bits, hashes])
        self.version = f"text-1 {hashlib.sha256(described.encode()).hexdigest()[:16]}"

    def sample(self, rng: np.random.Generator, difficulty: Difficulty, batch_size: int, split: Split) -> Batch:
        """Draws windows: tokens and targets ``(B, context)``, bytes as 0-255."""
        context = int(difficulty["context"])
        corpus = self._corpora[str(difficulty["domain"])][split]
        ends = np.maximum(corpus.lengths - context, 0).cumsum()  # (N,) windows in the documents up to and with each
        drawn = rng.integers(0, ends[-1], batch_size)  # (B,) which of all windows
        document = np.searchsorted(ends, drawn, side="right")
        offset = drawn - (ends[document] - np.maximum(corpus.lengths[document] - context, 0))
        start = corpus.starts[document] + offset
        window = corpus.text[start[:, None] + np.arange(context + 1)].astype(np.int64)  # (B, context + 1)
        times = offset[:, None] + np.arange(context)  # byte offsets in the document
        return Batch(window[:, :-1].copy(), window[:, 1:].copy(), times=times)

    def competence(self, loss: Floats, token_accuracy: Floats, sequence_accuracy: Floats) -> Floats:
        """Linear in bits per byte between the two anchors, clipped to [0, 1]."""
        bits = loss / math.log(2)
        return np.clip((self.start_bits - bits) / (self.start_bits - self.goal_bits), 0.0, 1.0)

    def documents(self, split: Split) -> list[bytes]:
        """The documents of a split, all domains."""
        found = []
        for corpus in (splits[split] for splits in self._corpora.values()):
            spans = zip(corpus.starts, corpus.lengths, strict=True)
            found += [corpus.text[start : start + length].tobytes() for start, length in spans]
        return found


def _standard_library() -> dict[str, list[Path]]:
    """The running Python's library, by top-level package; tests are left out."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found = {"modules": sorted(root.glob("*.py"))}
    for package in sorted(p for p in root.iterdir() if (p / "__init__.py").is_file()):
        files = [f for f in sorted(package.rglob("*.py")) if not {"test", "tests", "idle_test"} & set(f.parts)]
        if package.name not in ("test", "site-packages"):
            found[package.name] = files
    return found


def _domains_of(source: Source) -> dict[str, list[Path]]:
    if isinstance(source, Mapping):
        return {domain: [Path(f) for f in files] for domain, files in source.items()}
    if not isinstance(source, str | Path):
        return {"text": [Path(f) for f in source]}
    root = Path(source)
    if source == "" or not root.is_dir():  # as a path, nothing would be the folder that one stands in
        wrong = source or "an empty name"
        raise FileNotFoundError(f"text source must be a folder or a list of files; {wrong} is not a folder")
    loose = sorted(f for f in root.iterdir() if f.is_file() and not f.name.startswith("."))
    found = {"files": loose} if loose else {}
    for folder in sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")):
        files = [f for f in sorted(folder.rglob("*")) if f.is_file() and not f.name.startswith(".")]
        if files:
            found[folder.name] = files
    if not found:
        raise ValueError(f"text source {root} holds no files: expected text files, or a subfolder of them per domain")
    return found


def _read(files: Sequence[Path], chunk_bytes: int | None, longest: int, seen: set[str]) -> list[bytes]:
    """The documents not seen yet that hold a window of the longest context, ordered by content hash."""
    documents: dict[str, bytes] = {}
    for file in files:
        try:
            text = file.read_bytes()
        except OSError as error:
            raise type(error)(f"cannot read text file {file}: {error.strerror}") from error
        step = chunk_bytes or max(1, len(text))
        for piece in (text[i : i + step] for i in range(0, len(text), step)):
            key = hashlib.sha256(piece).hexdigest()
            if len(piece) > longest and key not in seen:
                seen.add(key)
                documents[key] = piece
    return [documents[h] for h in sorted(documents)]


def _split(domain: str, documents: list[bytes], longest: int) -> dict[Split, _Corpus]:
    if len(documents) < 3:
        raise ValueError(
            f"text domain {domain!r} has {len(documents)} distinct documents above the longest context {longest}, "
            "needs at least 3 (one per split): add files, shorten contexts, or cut long files with chunk_bytes"
        )
    tenth = max(1, len(documents) // 10)
    parts = {
        Split.TEST: documents[:tenth],
        Split.PROBE: documents[tenth : 2 * tenth],
        Split.TRAIN: documents[2 * tenth :],
    }
    corpora = {}
    for split, docs in parts.items():
        lengths = np.array([len(d) for d in docs])
        text = np.frombuffer(b"".join(docs), dtype=np.uint8)
        corpora[split] = _Corpus(text, lengths.cumsum() - lengths, lengths)
    return corpora
