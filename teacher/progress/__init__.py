"""Teachers by learning progress: TSCL's four, fast against slow, ALP-GMM."""

from teacher.progress.alp_gmm import ALPGMM as ALPGMM
from teacher.progress.fast_slow import FastSlow as FastSlow
from teacher.progress.tscl import TSCLNaive as TSCLNaive
from teacher.progress.tscl import TSCLOnline as TSCLOnline
from teacher.progress.tscl import TSCLSampling as TSCLSampling
from teacher.progress.tscl import TSCLWindow as TSCLWindow
