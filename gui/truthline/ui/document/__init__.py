"""The open workspace as the window sees it: gestures, undo, the list of entries, their pictures."""
