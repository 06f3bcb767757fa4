"""Weights of other code bases in the models of this project."""
