"""The records of surveys."""
