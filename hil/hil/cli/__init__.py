"""The command line. Each command's module loads when the command is used: `hil --help` stays quick."""
