"""The suites of record, run: eight teachers, paired seeds; the main table, and a page per suite."""

from benchmarks.studies.records.controls import Yoke as Yoke
from benchmarks.studies.records.hardest import Hardest as Hardest
from benchmarks.studies.records.look import Look as Look
from benchmarks.studies.records.mixtures import Static as Static
from benchmarks.studies.records.pair import Pair as Pair
from benchmarks.studies.records.paper import Paper as Paper
from benchmarks.studies.records.report import Report as Report
from benchmarks.studies.records.run import TEACHERS as TEACHERS
from benchmarks.studies.records.run import Run as Run
from benchmarks.studies.records.same import Same as Same
from benchmarks.studies.records.table import Tables as Tables
from benchmarks.studies.records.tuning import Tune as Tune
