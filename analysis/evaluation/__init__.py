"""Evaluating trained models: clips of what they dance, reference rows beside them, scores and tables."""
