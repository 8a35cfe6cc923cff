"""The general teacher against others on families that its training never saw: the table of docs/teachers/general.md.

``python -m benchmarks.studies.evidence run FAMILY --seeds 3`` (interrupted, it goes on where it was: every finished
lifetime is kept in ``benchmarks/results/general/``), then ``... table``. ``... yoke FAMILY`` makes the schedules of the
yoked controls out of the general teacher's finished lifetimes; ``... frozen`` the random-frozen teacher.
"""

from benchmarks.studies.evidence.families import FAMILIES as FAMILIES
from benchmarks.studies.evidence.families import GENERAL as GENERAL
from benchmarks.studies.evidence.families import OTHERS as OTHERS
from benchmarks.studies.evidence.families import TRAINED as TRAINED
from benchmarks.studies.evidence.run import Frozen as Frozen
from benchmarks.studies.evidence.run import Run as Run
from benchmarks.studies.evidence.run import Yoke as Yoke
from benchmarks.studies.evidence.table import Table as Table
from benchmarks.studies.evidence.table import with_table as with_table
