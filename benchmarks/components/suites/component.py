"""What settings of a suite must offer."""

from typing import Protocol

from envs import Suite


class SuiteComponent(Protocol):
    """Settings that build a suite."""

    def build(self, name: str) -> Suite:
        """The suite."""
