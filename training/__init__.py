"""Options, data sets, the training loop and the list of runs."""
