"""The roof: settings, one lifetime, grids of them, tracking, statistics, report, command line."""
