"""Teachers: bandits and hand schedules behind one protocol, and the loop that runs them."""

from teacher.exp3 import Exp3 as Exp3
from teacher.exp3 import Exp3S as Exp3S
from teacher.loop import Feedback as Feedback
from teacher.loop import Row as Row
from teacher.loop import Teacher as Teacher
from teacher.loop import run as run
from teacher.loop import snapshot as snapshot
from teacher.scaling import QuantileScaler as QuantileScaler
from teacher.schedules import Combined as Combined
from teacher.schedules import Mixed as Mixed
from teacher.schedules import TargetOnly as TargetOnly
from teacher.schedules import Uniform as Uniform
