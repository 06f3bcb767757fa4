"""Data sets: one file each, reached by `--dataset_name`."""
