import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from benchmarks.store import (
    UserError,
    load_checkpoint,
    only_writer,
    read_json,
    save_checkpoint,
)

STATE = {
    "array": np.arange(6, dtype=np.int64).reshape(2, 3),
    "empty": np.zeros((0, 4)),
    "tensor": torch.randn(3, 2),
    "random": torch.get_rng_state(),
    "nested": [{"tuple": (0.9, 0.999), 0: None, "flag": True}, "text", 2**100, float("inf")],
}


def test_a_checkpoint_gives_back_values_kinds_and_keys(tmp_path):
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, STATE)
    back = load_checkpoint(path)
    np.testing.assert_array_equal(back["array"], STATE["array"])
    assert back["array"].dtype == np.int64 and back["empty"].shape == (0, 4)
    assert torch.equal(back["tensor"], STATE["tensor"]) and torch.equal(back["random"], STATE["random"])
    assert back["nested"] == STATE["nested"] and isinstance(back["nested"][0]["tuple"], tuple)


def test_tensors_that_share_memory_can_be_saved(tmp_path):
    shared = torch.randn(4)
    save_checkpoint(tmp_path / "c", {"a": shared, "b": shared, "c": shared[1:]})
    assert torch.equal(load_checkpoint(tmp_path / "c")["c"], shared[1:])


def test_only_plain_values_are_saved(tmp_path):
    with pytest.raises(TypeError, match="plain values; got object"):
        save_checkpoint(tmp_path / "c", {"a": object()})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("keep", [0, 5, 200])
def test_a_damaged_checkpoint_is_said_in_one_line(tmp_path, keep):
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, STATE)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"c.safetensors is damaged .*: delete it"):
        load_checkpoint(path)


def test_damaged_json_is_said_in_one_line(tmp_path):
    (tmp_path / "s.json").write_text('{"half": ')
    with pytest.raises(UserError, match=r"cannot read .*s.json.*--overwrite"):
        read_json(tmp_path / "s.json")


WRITERS = {
    "json": 'write_json(path, {"long": "x" * 200_000})',
    "text": 'write_text(path, "x" * 200_000)',
    "table": 'write_table(path, pl.DataFrame({"x": np.random.default_rng(0).random(60_000)}))',
    "checkpoint": 'save_checkpoint(path, {"x": np.zeros(60_000)})',
}
FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np, polars as pl
from benchmarks.store import UserError, save_checkpoint, write_json, write_table, write_text
path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))
try:
    WRITE
except UserError as error:
    print(error)
"""


@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path, kind):
    """A real limit of the operating system, in a child: no file may grow beyond 64 KiB."""
    path = tmp_path / "file"
    path.write_text("old")
    code = FULL_DISK.replace("WRITE", WRITERS[kind])
    child = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60)
    assert f"cannot write {path}" in child.stdout and "free space" in child.stdout, child.stderr
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_second_writer_is_refused_and_a_dead_one_lets_go(tmp_path):
    code = f"""
import time
from pathlib import Path
from benchmarks.store import only_writer
with only_writer(Path({str(tmp_path)!r})):
    print("held", flush=True)
    time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline().strip() == "held"
    with pytest.raises(UserError, match="another process is writing to"), only_writer(tmp_path):
        pass
    holder.kill()
    start = time.monotonic()
    with only_writer(tmp_path, wait=20):
        assert time.monotonic() - start < 20
    holder.wait()
    holder.stdout.close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="choose another --out"), only_writer(tmp_path / "file" / "below"):
        pass


def test_what_a_killed_writer_left_is_swept(tmp_path):
    (tmp_path / ".student.safetensors.123.tmp").write_text("half")
    (tmp_path / "mine.tmp").write_text("not ours")
    with only_writer(tmp_path):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "mine.tmp"]


def test_a_checkpoint_of_a_long_lifetime_is_no_header(tmp_path):
    """A header of safetensors takes 100 MB; the rows of a hundred thousand decisions are more."""
    rows = ["x" * 100_000] * 1_010
    save_checkpoint(tmp_path / "c", {"rows": rows, "end": 1})
    assert load_checkpoint(tmp_path / "c") == {"rows": rows, "end": 1}
