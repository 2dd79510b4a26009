"""The command line: one command a file, thin; the work is done by `surrogate` and `estimation`."""
