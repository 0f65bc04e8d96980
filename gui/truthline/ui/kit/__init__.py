"""What any window is made of: theme, words, times, jobs, keys, questions; it knows nothing of labelling."""
