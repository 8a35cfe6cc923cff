"""Statistics of lifetimes: restricted costs, intervals, paired comparisons, how many seeds are needed."""

from benchmarks.statistics.comparisons import holm as holm
from benchmarks.statistics.comparisons import paired as paired
from benchmarks.statistics.comparisons import probability_of_improvement as probability_of_improvement
from benchmarks.statistics.comparisons import sign_flip as sign_flip
from benchmarks.statistics.intervals import Floats as Floats
from benchmarks.statistics.intervals import bounds as bounds
from benchmarks.statistics.intervals import interquartile_mean as interquartile_mean
from benchmarks.statistics.intervals import interval as interval
from benchmarks.statistics.intervals import stratified as stratified
from benchmarks.statistics.lifetimes import COSTS as COSTS
from benchmarks.statistics.lifetimes import REFERENCES as REFERENCES
from benchmarks.statistics.lifetimes import cost as cost
from benchmarks.statistics.lifetimes import summarise as summarise
from benchmarks.statistics.lifetimes import survival as survival
from benchmarks.statistics.nested import nested_interquartile as nested_interquartile
from benchmarks.statistics.nested import nested_weights as nested_weights
from benchmarks.statistics.power import rejections as rejections
from benchmarks.statistics.power import seeds_needed as seeds_needed
from benchmarks.statistics.profiles import aggregated as aggregated
from benchmarks.statistics.profiles import profile as profile
