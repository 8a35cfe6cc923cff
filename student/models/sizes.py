"""What sizes of a network must be."""

from __future__ import annotations


def refuse_no_size(**sizes: int) -> None:
    """Raises ``ValueError`` unless every size is at least 1."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1; got {size}")
