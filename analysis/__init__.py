"""Looking at motion: metrics and renderers."""
