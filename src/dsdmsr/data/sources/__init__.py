"""Data sets as they are downloaded, and rendered ones."""
