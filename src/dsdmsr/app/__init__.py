"""Doors for people: the command line, one file per command."""
