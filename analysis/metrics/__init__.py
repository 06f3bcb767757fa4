"""Metrics: one file each, reached by `--metrics`."""
