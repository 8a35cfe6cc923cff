"""Formal languages: counting, nesting, stacks."""
