"""Images: where they are read, how they become upright pixels, and their thumbnails."""
