"""Engines: what runs the cells of a grid. Whatever it is, cells, checkpoints and results are the same."""

from benchmarks.engines.choice import refuse_missing_engine as refuse_missing_engine
from benchmarks.engines.choice import run_jobs as run_jobs
from benchmarks.engines.job import Engine as Engine
from benchmarks.engines.job import Execution as Execution
from benchmarks.engines.job import Job as Job
from benchmarks.engines.job import folder_of as folder_of
