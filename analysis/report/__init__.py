"""The report of an evaluation: one HTML page with its table, plots and players, that needs no other file."""
