"""Wrappers that compose with any teacher."""

from teacher.wrappers.mixing import Cooldown as Cooldown
from teacher.wrappers.mixing import CoverageFloor as CoverageFloor
from teacher.wrappers.mixing import Rehearsal as Rehearsal
from teacher.wrappers.mixing import Review as Review
from teacher.wrappers.override import Override as Override
from teacher.wrappers.rescaled import Rescaled as Rescaled
