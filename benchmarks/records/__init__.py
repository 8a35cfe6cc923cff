"""Suites of record: set-ups of published comparisons, as presets of the command line."""

from benchmarks.records.expansion import expanded as expanded
from benchmarks.records.presets import NAMES as NAMES
from benchmarks.records.presets import RECORDS as RECORDS
from benchmarks.records.presets import Preset as Preset
from benchmarks.records.presets import PresetName as PresetName
from benchmarks.records.presets import Record as Record
