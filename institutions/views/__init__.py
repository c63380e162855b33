"""Pages of the institutional level."""
