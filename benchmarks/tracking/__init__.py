"""Weights & Biases: a run per lifetime, grouped without the seed, or per training; or TensorBoard, by the same verbs.

The only room that imports wandb.
"""

from benchmarks.tracking.boards import refuse_missing_tensorboard as refuse_missing_tensorboard
from benchmarks.tracking.connection import Mode as Mode
from benchmarks.tracking.connection import refuse_missing_wandb as refuse_missing_wandb
from benchmarks.tracking.curve import RunCurve as RunCurve
from benchmarks.tracking.lifetimes import NoTracker as NoTracker
from benchmarks.tracking.lifetimes import Place as Place
from benchmarks.tracking.lifetimes import Tracker as Tracker
from benchmarks.tracking.lifetimes import WandbTracker as WandbTracker
from benchmarks.tracking.lifetimes import make_tracker as make_tracker
from benchmarks.tracking.lifetimes import run_id as run_id
from benchmarks.tracking.standing import Standing as Standing
from benchmarks.tracking.view import refuse_missing_views as refuse_missing_views
from benchmarks.tracking.view import save_view as save_view
