"""Pages of surveys: the library of instruments, rounds, entry, results."""
