"""Measurements that back what the docs say: each a command, its figures committed in benchmarks/results."""
