"""Built-in suites as settings: what the command line can set of each, and how it is built."""

from benchmarks.components.suites.component import SuiteComponent as SuiteComponent
from benchmarks.components.suites.real import DatasetSuite as DatasetSuite
from benchmarks.components.suites.real import ForecastSuite as ForecastSuite
from benchmarks.components.suites.real import NGramSuite as NGramSuite
from benchmarks.components.suites.real import ReasoningSuite as ReasoningSuite
from benchmarks.components.suites.real import TextSuite as TextSuite
from benchmarks.components.suites.synthetic import AdditionSuite as AdditionSuite
from benchmarks.components.suites.synthetic import FormalSuite as FormalSuite
from benchmarks.components.suites.synthetic import MemorySuite as MemorySuite
from benchmarks.components.suites.synthetic import NoisyAdditionSuite as NoisyAdditionSuite
from benchmarks.components.suites.synthetic import ReorderedAdditionSuite as ReorderedAdditionSuite
from benchmarks.components.suites.synthetic import ReorderedRepeatCopySuite as ReorderedRepeatCopySuite
from benchmarks.components.suites.synthetic import SkillsSuite as SkillsSuite
from benchmarks.components.suites.synthetic import TiersSuite as TiersSuite
