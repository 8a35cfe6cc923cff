"""Real data: text, series, other libraries' data sets."""
