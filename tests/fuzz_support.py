"""Command lines at random: words of any kind, and what a command may answer to them."""

import contextlib
import io
import re

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from benchmarks import cli

QUIET = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
HUGE = 10**20
ODD = "x - -- --- --= -1 0 3 nan -inf 1e999 0x1 None True a,b , a=b = : own: :thing + exp3s+ ../.. / é { ' %s [b]"
JUNK = st.sampled_from(["", " ", "a\nb", str(HUGE), *ODD.split()])


def code_of(words):
    """The exit code of a command line, whose mistake is the one line that it says."""
    said, code = io.StringIO(), 0
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        try:
            cli.main(words)
        except SystemExit as end:
            code = end.code
    if code:
        (line,) = said.getvalue().splitlines()
        assert line.startswith("paceline: ") and not re.search(r"\(at [^)]*:\d+\)|__|-----", line), line
    return code
