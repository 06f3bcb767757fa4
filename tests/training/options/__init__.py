"""Tests of the option aggregator."""
