"""Simulated students: a population of skill-learning curves, numpy only."""

from envs.simulated.lifetimes import Lifetimes as Lifetimes
from envs.simulated.lifetimes import draw_lifetimes as draw_lifetimes
from envs.simulated.population import Population as Population
from envs.simulated.settings import SimulatedSettings as SimulatedSettings
from envs.simulated.single import SimulatedStudent as SimulatedStudent
from envs.simulated.vector import SimulatedStudents as SimulatedStudents
