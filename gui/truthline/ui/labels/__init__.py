"""The list of labels with its digit keys, and what is done to a label in the whole dataset."""
