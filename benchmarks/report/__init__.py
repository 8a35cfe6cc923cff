"""The report of a bench: one HTML file that needs nothing else."""

from benchmarks.report.page import render as render
