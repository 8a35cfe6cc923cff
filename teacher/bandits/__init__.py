"""Bandits: adversarial (EXP3 and its kin, Tsallis-INF, EXP4), stochastic and non-stationary."""

from teacher.bandits.exp3 import Exp3 as Exp3
from teacher.bandits.exp3 import Exp3IX as Exp3IX
from teacher.bandits.exp3 import Exp3S as Exp3S
from teacher.bandits.exp4 import Exp4 as Exp4
from teacher.bandits.greedy import Boltzmann as Boltzmann
from teacher.bandits.greedy import EpsilonGreedy as EpsilonGreedy
from teacher.bandits.thompson import BetaThompson as BetaThompson
from teacher.bandits.thompson import GaussianThompson as GaussianThompson
from teacher.bandits.tsallis import TsallisInf as TsallisInf
from teacher.bandits.ucb import UCB1 as UCB1
from teacher.bandits.ucb import DiscountedUCB as DiscountedUCB
from teacher.bandits.ucb import SlidingWindowUCB as SlidingWindowUCB
