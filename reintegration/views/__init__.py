"""Pages of reintegration."""
