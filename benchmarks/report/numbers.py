"""Numbers as tables show them."""


def number(value: float) -> str:
    """Four digits, or three with the unit k, M or G."""
    for limit, size, unit in ((999.5e6, 1e9, "G"), (999.5e3, 1e6, "M"), (9_999.5, 1e3, "k")):
        if abs(value) >= limit:
            return f"{value / size:.3g} {unit}"
    return f"{value:.4g}"
