"""A run in Weights & Biases that never stops training: what fails is said once, and all else goes on without it."""

from __future__ import annotations

import importlib.util
import logging
import os
import threading
from abc import ABC
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from benchmarks.store import UserError, describe

Mode = Literal["offline", "online", "disabled"]
_log = logging.getLogger("paceline")
_unreachable = False  # in this process: waiting for the server once is enough
_PATIENCE = "WANDB_FINISH_TIMEOUT"  # W&B's own variable
_GRACE = 2.0  # seconds that the client has to say by itself that its time is over


def refuse_missing_wandb(mode: Mode) -> None:
    """Raises ``UserError`` if wandb is asked for and not installed."""
    if mode != "disabled" and importlib.util.find_spec("wandb") is None:
        raise UserError("wandb is not installed: pip install wandb, or give --wandb disabled")


def _patience() -> float:
    """Seconds that the end of a run may take, by W&B's own variable; 0: as long as it takes.

    120 where it is not set, or to what is no number; at most what a thread can be waited for.
    """
    try:
        seconds = float(os.environ.get(_PATIENCE, ""))
    except ValueError:
        return 120.0
    return min(max(seconds, 0.0), threading.TIMEOUT_MAX / 2) if seconds == seconds else 120.0


def run_options(
    project: str, folder: Path, run: str, name: str, group: str, job_type: str, tags: list[str], config: dict[str, Any]
) -> dict[str, Any]:
    """What ``wandb.init`` is given: quiet, without a look at the machine or the repository."""
    os.environ.setdefault("WANDB_SILENT", "true")
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    import wandb

    return {
        "project": project,
        "dir": str(folder.resolve()),  # relative, it would be to the place of a service that a parent began
        "id": run,
        "name": name,
        "group": group,
        "job_type": job_type,
        "tags": tags,
        "config": config,
        "resume": "allow",
        "settings": wandb.Settings(
            init_timeout=20,
            finish_timeout=_patience(),  # also of what the client still does when the process ends
            finish_timeout_raises=True,
            silent=True,
            console="off",
            disable_git=True,
            x_disable_stats=True,
            x_disable_meta=True,
        ),
    }


class Connection(ABC):  # noqa: B024  (its subclasses say what is logged)
    """Opens, feeds and closes a run.

    Args:
        mode: ``offline`` (sync later with ``wandb sync``), ``online`` (an unreachable server falls back to offline), or
            ``disabled``.
        project: W&B project.
        job_type: ``bench``, ``run`` or ``meta-train``.
    """

    def __init__(self, mode: Mode, project: str, job_type: str):
        self.mode, self.project, self.job_type = mode, project, job_type
        self._run: Any = None
        self._failed = False
        self.offline = mode == "offline"  # also once an online server was not reached

    def _fail(self, error: Exception) -> None:
        if not self._failed:
            _log.warning("W&B tracking stopped (%s); training goes on%s", describe(error), _kept(self._run))
        self._failed = True
        self.close()

    def close(self) -> None:
        """Ends a run that was not finished, as failed (an open run would swallow the next lifetime's rows)."""
        self._end(lambda run: None, 1)

    def _end(self, log_the_last: Callable[[Any], None], exit_code: int | None = None) -> None:
        """Logs what comes last and ends the run, and waits for neither longer than it may."""
        run, self._run = self._run, None
        if run is None:
            return
        seconds = _patience()
        failure = _within(seconds, lambda: log_the_last(run))
        code = exit_code if failure is None else 1
        unfinished = _within(seconds and seconds + _GRACE, lambda: run.finish(exit_code=code))
        failure = failure or unfinished
        if failure is not None and not self._failed:
            late = f"the server did not take all of it within {seconds:g} s ({_PATIENCE})"
            why = late if isinstance(failure, TimeoutError) else describe(failure)
            _log.warning("W&B tracking ended early: %s%s", why, _kept(run))
        self._failed = self._failed or failure is not None

    def _init(self, options: dict[str, Any]) -> None:
        """Online if asked for, logged in and reached; else offline; else not at all. Never asks for a login."""
        global _unreachable
        import wandb

        if self.mode == "online" and not _unreachable:
            try:
                if not wandb.login(prompt=False):
                    raise RuntimeError("not logged in: `wandb login`, or set WANDB_API_KEY")
                self._run = wandb.init(mode="online", **options)
                return
            except Exception as error:  # whatever the client raises, training goes on
                _unreachable = True
                line = " ".join(str(error).split())
                _log.warning("W&B server not reached (%s); logging offline, `wandb sync` later", line)
                wandb.teardown()  # the service still holds the run's id
        self.offline = True
        self._run = wandb.init(mode="offline", **options)

    def _log_rows(self, rows: dict[str, Any]) -> None:
        if self._run is None:
            return
        try:
            self._run.log(rows)
        except Exception as error:
            self._fail(error)


def _within(seconds: float, act: Callable[[], None]) -> Exception | None:
    """Does something in a thread that is left to itself after so many seconds (0: never); what it raised, or that."""
    failures: list[Exception] = []

    def acting() -> None:
        try:
            act()
        except Exception as error:  # whatever the client raises
            failures.append(error)

    thread = threading.Thread(target=acting, daemon=True)
    thread.start()
    thread.join(seconds or None)
    return TimeoutError() if thread.is_alive() else next(iter(failures), None)


def _kept(run: Any) -> str:
    """Where what a run has logged lies on this machine, if it is known."""
    where = getattr(getattr(run, "settings", None), "sync_dir", None)
    return f"; what was logged is kept: `wandb sync {where}`" if where else ""
