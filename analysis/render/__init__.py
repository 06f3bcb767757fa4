"""Renderers: one file each, reached by `--render`."""
