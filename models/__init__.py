"""Generative models of motion: one file each, reached by `--model`."""
