"""Gestures as steps: what each does to lines, how it is saved, undone and done again, and what is told."""
