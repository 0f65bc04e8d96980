"""The gallery of thumbnails, and the filmstrip under the image."""
