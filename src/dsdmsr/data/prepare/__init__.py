"""The job that prepares a data set: its plan, its journal, its processes."""
