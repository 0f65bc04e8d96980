"""What is told of mistakes in Truthline itself: the alarm, the dialog, and which version it is."""
