"""The command line of the package: one command a file."""
