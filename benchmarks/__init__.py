"""Benchmarks: each module is a program; ``python -m benchmarks`` runs them all."""
