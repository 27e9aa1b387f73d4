"""The command line: a file for each command, its options beside what it does."""
