"""The command line: a shell that turns errors into words and exit codes, and files of commands by what they are for."""
