"""Pages about what was promised and what happened."""
