"""The service's limits for a line, its image, and a dataset.

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

MAX_MANIFEST_BYTES: Final = 1024**3
MAX_LINES: Final = 250_000
MAX_LINES_ON_REQUEST: Final = 500_000  # class labels only
MAX_LABELS: Final = 250
MAX_TEST_IMAGES_PER_LABEL: Final = 1_000
MAX_UNUSABLE_SHARE: Final = 0.2  # of the lines, at an import; of those with errors, at a training
MIN_COMMON_LABELS_SHARE: Final = 0.5  # labels in both datasets, of those of the training dataset
