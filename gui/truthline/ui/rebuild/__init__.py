"""Datasets made anew: images removed, a first push as one manifest, and a rebuild resumed."""
