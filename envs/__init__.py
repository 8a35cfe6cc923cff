"""The ground: tasks, suites, progress signals, features, and the curriculum as a gymnasium environment. No torch."""

import gymnasium

from envs.batch import IGNORE as IGNORE
from envs.batch import Batch as Batch
from envs.batch import Scores as Scores
from envs.batch import mix as mix
from envs.batch import stack as stack
from envs.curriculum import CurriculumEnv as CurriculumEnv
from envs.curriculum import CurriculumVectorEnv as CurriculumVectorEnv
from envs.curriculum import DiscreteArm as DiscreteArm
from envs.curriculum import FactoredArm as FactoredArm
from envs.curriculum import VectorDiscreteArm as VectorDiscreteArm
from envs.curriculum import VectorFactoredArm as VectorFactoredArm
from envs.learner import DivergedError as DivergedError
from envs.learner import Student as Student
from envs.scripted import ScriptedStudent as ScriptedStudent
from envs.simulated import Lifetimes as Lifetimes
from envs.simulated import Population as Population
from envs.simulated import SimulatedStudent as SimulatedStudent
from envs.simulated import SimulatedStudents as SimulatedStudents
from envs.suite import Arms as Arms
from envs.suite import Axis as Axis
from envs.suite import Difficulty as Difficulty
from envs.suite import Split as Split
from envs.suite import Suite as Suite
from envs.suite import Task as Task
from envs.tasks import Addition as Addition
from envs.tasks import AdditionGrid as AdditionGrid
from envs.tasks import AssociativeRecall as AssociativeRecall
from envs.tasks import Augmented as Augmented
from envs.tasks import CausalShuffle as CausalShuffle
from envs.tasks import Copy as Copy
from envs.tasks import DataScale as DataScale
from envs.tasks import Dyck as Dyck
from envs.tasks import Forecast as Forecast
from envs.tasks import HuggingFaceTask as HuggingFaceTask
from envs.tasks import Jitter as Jitter
from envs.tasks import LabelNoise as LabelNoise
from envs.tasks import Lego as Lego
from envs.tasks import ListOps as ListOps
from envs.tasks import ModularArithmetic as ModularArithmetic
from envs.tasks import Multiplication as Multiplication
from envs.tasks import MultiQueryRecall as MultiQueryRecall
from envs.tasks import NGram as NGram
from envs.tasks import Parity as Parity
from envs.tasks import Programs as Programs
from envs.tasks import RareEvents as RareEvents
from envs.tasks import ReasoningGymTask as ReasoningGymTask
from envs.tasks import Reordered as Reordered
from envs.tasks import RepeatCopy as RepeatCopy
from envs.tasks import Reverse as Reverse
from envs.tasks import SelectiveCopy as SelectiveCopy
from envs.tasks import ShiftAnchors as ShiftAnchors
from envs.tasks import StackManipulation as StackManipulation
from envs.tasks import Subsample as Subsample
from envs.tasks import TextTask as TextTask
from envs.tasks import TSCLAddition as TSCLAddition
from envs.tasks import shared_vocabulary as shared_vocabulary

gymnasium.register(
    id="paceline/Curriculum-v0",
    entry_point="envs.curriculum.single:CurriculumEnv",
    vector_entry_point="envs.curriculum.vector:CurriculumVectorEnv",
)
gymnasium.register(
    id="paceline/SimulatedStudents-v0",
    entry_point="envs.simulated.single:SimulatedStudent",
    vector_entry_point="envs.simulated.vector:SimulatedStudents",
)
