"""The main window: what is where, which command does what, and who tells whom."""
