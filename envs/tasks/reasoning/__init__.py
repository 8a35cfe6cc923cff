"""Reasoning: chains of steps, programs, statistics of a text."""
