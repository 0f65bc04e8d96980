"""Questions that need an answer: what to open, which dataset, whether to upload."""
