"""The gallery of thumbnails, the filmstrip, and the filters and search that narrow them."""
