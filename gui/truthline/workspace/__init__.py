"""One SQLite file that holds a person's work on a dataset. Only this room knows SQL."""
