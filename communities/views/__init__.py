"""Pages of the communities."""
