"""How large an image may be that is shown.

The limits keep this computer safe and are not the service's, which `manifest.check` tells: a person
must be able to see an image that the service refuses. `MAX_PIXELS` takes in the largest phone cameras (108
megapixels); four bytes a pixel, in Pillow and once more in `Pixels`, then make 1 GB at the most.
`MAX_BYTES` is four times what the service takes.
"""

from __future__ import annotations

from typing import Final

from truthline.errors import ImageError

MAX_BYTES: Final = 64 * 2**20
MAX_PIXELS: Final = 120_000_000


def check_size(size: int, place: str = "") -> None:
    """Raise `ImageError` if an image of ``size`` bytes is more than can be shown."""
    if size > MAX_BYTES:
        raise ImageError(
            f"The image has {size:,} bytes; up to {MAX_BYTES:,} can be shown.",
            detail="The service takes at most 15 MB.",
            place=place,
        )
