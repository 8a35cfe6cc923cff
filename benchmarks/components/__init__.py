"""The built-in suites and students as settings: what the command line can set of each, and how it is built."""
