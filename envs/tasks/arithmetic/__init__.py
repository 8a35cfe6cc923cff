"""Arithmetic: sums, products, bracketed expressions."""
