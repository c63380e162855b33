"""The records of communities."""
