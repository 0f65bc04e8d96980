"""The three-way merge of a line that two people changed: by label, and box by box."""
