"""The current entry: its labels and boxes as a list, and its JSON line."""
