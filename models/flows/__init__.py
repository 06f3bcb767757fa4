"""Normalising flows: transforms with exact log-determinants, base distributions, and densities made of both."""
