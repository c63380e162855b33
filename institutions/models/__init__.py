"""The records of institutions."""
