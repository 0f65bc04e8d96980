"""Findings and remote errors with their explanations and fixes, and the dataset as a whole."""
