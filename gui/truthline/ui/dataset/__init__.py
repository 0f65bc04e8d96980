"""The dataset: its live status, push and pull, the history of pushes, training's verdict."""
