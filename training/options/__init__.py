"""The option aggregator: base, trainer, model and dataset options under one grammar."""
