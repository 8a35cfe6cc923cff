"""Hand schedules: fixed, mastery-gated, by the clock, and recorded."""

from teacher.schedules.fixed import StaticMixture as StaticMixture
from teacher.schedules.fixed import Stratified as Stratified
from teacher.schedules.fixed import TargetOnly as TargetOnly
from teacher.schedules.fixed import Uniform as Uniform
from teacher.schedules.gated import Combined as Combined
from teacher.schedules.gated import LookBackForward as LookBackForward
from teacher.schedules.gated import Mixed as Mixed
from teacher.schedules.gated import Naive as Naive
from teacher.schedules.mastery_gate import MasteryGate as MasteryGate
from teacher.schedules.paced import Pacing as Pacing
from teacher.schedules.paced import SequenceLengthWarmup as SequenceLengthWarmup
from teacher.schedules.recorded import Replayed as Replayed
from teacher.schedules.recorded import read_schedule as read_schedule
