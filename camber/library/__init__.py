"""The runner's own store: one SQLite file, the bytes of the files it came from, and what was found out."""
