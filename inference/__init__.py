"""From a checkpoint and sound to motion files."""
