"""The service's limits for one line and its image.

Source: Custom Labels Developer Guide, "Guidelines and quotas"; the length of a label is the API model's (the
guide allows one character more).
"""

from __future__ import annotations

from typing import Final

MAX_LINE_CHARACTERS: Final = 100_000
MAX_LABEL_CHARACTERS: Final = 255
MAX_LABELS_PER_IMAGE: Final = 50
MAX_BOXES_PER_IMAGE: Final = 50
MIN_IMAGE_SIDE: Final = 64  # pixels
MAX_IMAGE_SIDE: Final = 4096  # pixels
MAX_IMAGE_BYTES: Final = 15 * 1024 * 1024
MAX_ASPECT_RATIO: Final = 20
IMAGE_FORMATS: Final = frozenset({"JPEG", "PNG"})
# Training scales larger images down. That the longer side then has this many pixels is our assumption.
TRAINING_SIDE: Final = 1280
