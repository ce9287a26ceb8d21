"""The command line: a door. It reads state, appends decisions and prints; the daemon acts."""
