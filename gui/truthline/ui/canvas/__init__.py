"""The image with its boxes, and the gestures on it."""
