"""The demo: a small invented program, built by the same acts people use, as it stands on a Tuesday before a donor deadline."""
