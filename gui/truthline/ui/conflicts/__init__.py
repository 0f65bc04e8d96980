"""Entries in conflict, decided by a person: theirs, mine, and what was there before."""
