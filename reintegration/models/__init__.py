"""The records of reintegration."""
