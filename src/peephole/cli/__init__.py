"""The command line: one file a command or group of commands, each importing its machinery only when it is called."""
