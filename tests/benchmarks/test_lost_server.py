"""A W&B server that is lost after a lifetime has begun: what is finished stays finished, and nobody waits for long."""

import contextlib
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from tests_support import records

from benchmarks import lifetime
from benchmarks.cli import main
from benchmarks.engines import job
from benchmarks.lifetime import OPEN, is_done, run_cell
from benchmarks.settings import Cell, Schedule
from benchmarks.store import read_sealed
from benchmarks.tracking import NoTracker, WandbTracker, connection

CELL = Cell(
    *("reverse", "gru", "uniform", 0),
    Schedule(budget=20, batch_size=8, updates_per_decision=10, evaluate_every=10),
    options={"suite": {"lengths": (1, 2)}, "student": {"width": 8}},
)


def answer_to(query, given):
    """As much of W&B's as lets a run begin."""
    if "query Viewer" in query:
        return {"viewer": {"id": "u", "entity": "me", "username": "me", "flags": "{}", "teams": {"edges": []}}}
    if "UpsertBucket" not in query:
        return {}
    place = {"id": "p", "name": given["project"], "entity": {"id": "e", "name": "me"}}
    run = {"id": "r", "name": given["name"], "config": "{}", "historyLineCount": 0, "project": place}
    return {"upsertBucket": {"bucket": {**run, "displayName": given["displayName"]}, "inserted": True}}


@contextlib.contextmanager
def server_that_dies():
    """Its address, and whether a run has begun: it closes once it has told one so."""
    begun = threading.Event()

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_POST(self):
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            asked = json.loads(sent) if self.path == "/graphql" else {}
            query = asked.get("query", "")
            said = json.dumps({"data": answer_to(query, asked.get("variables"))}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)
            if "UpsertBucket" in query:
                begun.set()
                threading.Thread(target=server.shutdown).start()
            self.close_connection = begun.is_set()

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.daemon_threads = True

        def serve():
            server.serve_forever(0.01)
            server.socket.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", begun
        server.shutdown()
        thread.join()


def test_a_server_that_is_lost_under_way_never_holds_up_a_finished_lifetime(paceline, tmp_path):
    arguments = ("run", "own:suite", "--student", "own:make_student", "--budget", "20", "--out", "out")
    with server_that_dies() as (address, begun):
        asked = {"WANDB_BASE_URL": address, "WANDB_API_KEY": "0" * 40, "WANDB_FINISH_TIMEOUT": "0.2"}
        done = paceline(*arguments, "--wandb", "online", env={**os.environ, **asked}, timeout=40)
    assert begun.is_set() and done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and (tmp_path / "out/report.html").exists()
    (line,) = [line for line in done.stderr.splitlines() if "W&B" in line]
    assert "the server did not take all of it within 0.2 s (WANDB_FINISH_TIMEOUT)" in line
    (kept,) = tmp_path.glob("out/cells/**/run-*/run-*.wandb")
    assert f"`wandb sync {kept.parent}`" in line
    assert [record.WhichOneof("record_type") for record in records(kept)].count("history") >= 3


class Deaf:
    """A run of a client that waits for ever, in one of its calls."""

    id, summary = "r", {}

    def __init__(self, where):
        self.settings, self.where, self.codes = SimpleNamespace(sync_dir="/kept/run-r"), where, []

    def log(self, rows):
        if "teacher/decisions" in rows:
            self._wait("log")

    def log_artifact(self, artifact):
        pass

    def finish(self, exit_code=None):
        self.codes.append(exit_code)
        self._wait("finish")

    def _wait(self, call):
        if self.where == call:
            threading.Event().wait()


class Tracked(WandbTracker):
    """To such a run, and not to a server."""

    def __init__(self, run):
        super().__init__("online", "p", "b", "run")
        self.fake = run

    def start(self, cell, suite, folder):
        self._run = self.fake


@pytest.mark.parametrize(("where", "codes"), [("log", [1]), ("finish", [None])])
def test_a_client_that_waits_for_ever_is_left_to_itself(monkeypatch, caplog, tmp_path, where, codes):
    monkeypatch.setenv("WANDB_FINISH_TIMEOUT", "0.3")
    monkeypatch.setattr(connection, "_GRACE", 0.1)
    run, start = Deaf(where), time.monotonic()
    run_cell(CELL, tmp_path, Tracked(run))
    assert time.monotonic() - start < 20 and run.codes == codes  # ended either way: else its threads go on
    assert read_sealed(tmp_path / "summary.json")["spent"]["updates"] == 20
    (said,) = [record.getMessage() for record in caplog.records if "W&B" in record.getMessage()]
    assert said.endswith("within 0.3 s (WANDB_FINISH_TIMEOUT); what was logged is kept: `wandb sync /kept/run-r`")


def test_a_lifetime_that_fails_does_not_wait_for_its_tracker_either(monkeypatch, tmp_path):
    monkeypatch.setenv("WANDB_FINISH_TIMEOUT", "0.1")
    monkeypatch.setattr(connection, "_GRACE", 0.1)
    monkeypatch.setattr(lifetime, "forecast_errors", lambda *_: 1 / 0)
    run = Deaf("finish")
    with pytest.raises(lifetime.UserError, match="ZeroDivisionError"):
        run_cell(CELL, tmp_path, Tracked(run))
    assert run.codes == [1]


class Killed(BaseException):
    """As a signal."""


class Dying(NoTracker):
    waits = True

    def __init__(self, folder):
        self.folder, self.found = folder, None

    def finish(self, summary, trace, folder):
        self.found = read_sealed(self.folder / "summary.json"), list(self.folder.glob("checkpoint*"))
        raise Killed


class Untouched:
    """A tracker that must not be used."""


class Ending(NoTracker):
    """Notes what it is given to begin and to end."""

    waits = True

    def __init__(self):
        self.given = []

    def start(self, cell, suite, folder):
        self.given.append((cell, suite.fingerprint))

    def finish(self, summary, trace, folder):
        self.given.append((summary, len(trace)))


def test_a_lifetime_is_sealed_before_its_tracker_ends_and_killed_meanwhile_only_that_is_done_again(tmp_path):
    tracker = Dying(tmp_path)
    with pytest.raises(Killed):
        run_cell(CELL, tmp_path, tracker)
    assert tracker.found is not None and tracker.found[0]["files"] and not tracker.found[1]
    assert not is_done(tmp_path)
    sealed, ending = read_sealed(tmp_path / "summary.json"), Ending()
    run_cell(CELL, tmp_path, NoTracker())  # which cannot end it
    assert not is_done(tmp_path)
    run_cell(CELL, tmp_path, ending)
    assert ending.given == [(CELL, sealed["fingerprint"]), (sealed, 2)] and is_done(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.name != ".lock"}
    run_cell(CELL, tmp_path, Untouched())
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.name != ".lock"}


def test_a_checkpoint_that_outlived_its_lifetime_goes_with_the_next_command(tmp_path):
    """Killed between the summary and the checkpoint's deletion."""
    run_cell(CELL, tmp_path, NoTracker())
    assert is_done(tmp_path)
    (tmp_path / "checkpoint.safetensors").write_bytes(b"left")
    assert not is_done(tmp_path)
    run_cell(CELL, tmp_path, Untouched())
    assert is_done(tmp_path) and not list(tmp_path.glob("checkpoint*"))


def test_the_same_command_ends_what_was_open_and_damage_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    bench = ("bench", "reverse", "--reverse.lengths", "1", "2", "--students", "gru", "--gru.width", "8", "--seeds", "1")
    bench += (
        "--teachers",
        "uniform",
        "--budget",
        "20",
        "--evaluate-every",
        "10",
        "--batch-size",
        "8",
        "--workers",
        "1",
    )
    main([*bench, "--wandb", "disabled", "--out", "out"])
    (life,) = (tmp_path / "out/cells").rglob("seed-0")
    assert is_done(life)
    ended = Ending()
    monkeypatch.setattr(job, "make_tracker", lambda *_, **__: ended)
    main([*bench, "--wandb", "offline", "--out", "out"])
    assert ended.given == []
    (life / OPEN).touch()
    main([*bench, "--wandb", "offline", "--out", "out"])
    assert ended.given[1][0] == read_sealed(life / "summary.json") and is_done(life)
    (life / OPEN).touch()
    (life / "trace.parquet").write_bytes(b"x")
    with pytest.raises(SystemExit) as end:
        main([*bench, "--wandb", "offline", "--out", "out"])
    assert end.value.code == 2 and "trace.parquet" in capsys.readouterr().err and len(ended.given) == 2


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("7.5", 7.5),
        ("0", 0.0),
        ("-3", 0.0),
        ("", 120.0),
        ("soon", 120.0),
        ("nan", 120.0),
        ("inf", None),
        ("1e10", None),
    ],
)
def test_any_time_limit_that_is_set_can_be_waited_for(monkeypatch, given, seconds):
    monkeypatch.setenv("WANDB_FINISH_TIMEOUT", given)
    found = connection._patience()
    assert found == seconds if seconds is not None else 1e6 < found <= threading.TIMEOUT_MAX
    assert connection._within(found + 2.0, lambda: None) is None
