"""The matrix of other libraries' files that we read, and of our files that they read."""
