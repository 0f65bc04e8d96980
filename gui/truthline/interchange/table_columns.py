"""What the columns of a table are: by its header, or by the form of its lines where it has none.

A header counts by its words, in any case and with or without spaces, ``_`` and ``-``. One that is not
understood stops the reading, since a column that is taken for another makes wrong boxes. Without a header,
the lines show one of three forms; which one was taken is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from truthline.errors import UnreadableFileError
from truthline.interchange.frames import number_of
from truthline.manifest.line import is_s3_uri

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEADER: Final = ("image", "label", "left", "top", "width", "height")
"""The columns that are written."""
_ALIASES: Final = {
    "image": (
        *("image", "imagename", "imagepath", "imagefile", "imagefilename", "filename", "file", "filepath"),
        *("path", "img", "imgname", "imgpath", "imageid", "sourceref"),
    ),
    "label": ("label", "labelname", "class", "classname", "classlabel", "name", "category", "categoryname"),
    "left": ("left", "xmin", "x1", "xtopleft", "topleftx", "bboxx", "x"),
    "top": ("top", "ymin", "y1", "ytopleft", "toplefty", "bboxy", "y"),
    "right": ("right", "xmax", "x2", "xbottomright", "bottomrightx"),
    "bottom": ("bottom", "ymax", "y2", "ybottomright", "bottomrighty"),
    "across": ("xcenter", "centerx", "xcentre", "centrex", "cx", "xc"),
    "down": ("ycenter", "centery", "ycentre", "centrey", "cy", "yc"),
    "width": ("width", "w", "boxwidth", "bboxwidth", "bboxw"),
    "height": ("height", "h", "boxheight", "bboxheight", "bboxh"),
    "image width": ("imagewidth", "imgwidth", "imgw", "imwidth"),
    "image height": ("imageheight", "imgheight", "imgh", "imheight"),
}
_ASIDE: Final = frozenset(
    {
        *("id", "index", "annotationid", "labelid", "classid", "categoryid", "source", "url", "comment"),
        *("split", "set", "subset", "dataset", "usage", "date", "confidence", "score", "area", "depth"),
        *("difficult", "truncated", "occluded", "iscrowd", "isoccluded", "istruncated", "isgroupof"),
        *("isdepiction", "isinside"),
    }
)
"""Columns that hold neither a label nor a frame, whatever else."""
_KNOWN: Final = frozenset(alias for aliases in _ALIASES.values() for alias in aliases)
_IMAGE_NAME: Final = re.compile(r".*\.(jpe?g|png|bmp|gif|tiff?|webp|heic|avif)\s*", re.IGNORECASE | re.DOTALL)
_TOKENS: Final = frozenset({"", "0", "1", "0.0", "1.0"})
_SAMPLE_FRAME: Final = 4


class Frames(Enum):
    """How four columns say a frame, by the columns' names."""

    NONE = ()
    CORNERS = ("left", "top", "right", "bottom")
    SIZES = ("left", "top", "width", "height")
    CENTRES = ("across", "down", "width", "height")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table.

    ``at`` are their numbers from 0, by name. ``one_hot`` are the columns that are each a label of the images
    with a 1 in it, by label. With ``many_labels`` every cell after the first is a label. ``told`` says in
    words what was taken for what, "" where the header says it in our own.
    """

    at: Mapping[str, int]
    has_header: bool
    frames: Frames = Frames.NONE
    one_hot: Mapping[str, int] | None = None
    many_labels: bool = False
    told: str = ""

    def cell(self, cells: Sequence[str], column: str) -> str:
        """The cell of a column, "" if the line has none."""
        index = self.at.get(column, len(cells))
        return cells[index] if index < len(cells) else ""


def find_columns(rows: Sequence[tuple[Sequence[str], int]], place: str) -> Columns:
    """Tell the columns from the first lines of a table.

    Args:
        rows: cells and line numbers, without empty lines; at least one.
        place: the file.

    Raises:
        UnreadableFileError: the header, or the form of the lines, is not understood.

    """
    first, number = rows[0]
    if _is_data(first):
        return _by_form(rows, place)
    return _by_header(first, [cells for cells, _ in rows[1:]], f"{place}, line {number}")


def _is_data(cells: Sequence[str]) -> bool:
    """Whether a line names an image or holds a number, as no header does."""
    if any(_IMAGE_NAME.fullmatch(cell) or is_s3_uri(cell.strip()) for cell in cells):
        return True
    if any(_spelt(cell) in _ALIASES["image"] for cell in cells):  # above columns that may be called 0, 1, 2
        return False
    return any(number_of(cell.strip()) is not None for cell in cells)


def _spelt(cell: str) -> str:
    return re.sub(r"[\s_\-.]+", "", cell).lower()


# By a header


def _by_header(header: Sequence[str], rows: Sequence[Sequence[str]], place: str) -> Columns:
    spelt = [_spelt(cell) for cell in header]
    at = {
        name: next(spelt.index(alias) for alias in aliases if alias in spelt)
        for name, aliases in _ALIASES.items()
        if any(alias in spelt for alias in aliases)
    }
    others = [index for index in range(len(header)) if index not in at.values() and spelt[index]]
    unknown = [index for index in others if spelt[index] not in _ASIDE | _KNOWN]
    if "image" not in at:
        raise _not_understood(header, "it names no column of images", place)
    if at.keys() == {"image"} and unknown and _is_one_hot(rows, unknown):
        labels = {header[index].strip(): index for index in unknown}
        told = f"Read as a column for each label, with a 1 where an image has it: {', '.join(labels)}."
        return Columns(at, has_header=True, one_hot=labels, told=told)
    if "label" not in at:
        raise _not_understood(header, "it names no column of labels", place)
    frames = _frames(at)
    if frames is Frames.NONE and (
        unknown or at.keys() - {"image", "label", "width", "height"} - _SIZES_OF_IMAGE
    ):
        raise _not_understood(header, "it names no four columns of a frame, but others", place)
    told = "" if tuple(header) == HEADER[: len(header)] else _in_words(header, at, frames, others)
    return Columns(at, has_header=True, frames=frames, told=told)


_SIZES_OF_IMAGE: Final = frozenset({"image width", "image height"})


def _frames(at: Mapping[str, int]) -> Frames:
    found = (one for one in (Frames.CORNERS, Frames.CENTRES, Frames.SIZES) if at.keys() >= {*one.value})
    return next(found, Frames.NONE)


def _is_one_hot(rows: Sequence[Sequence[str]], columns: Sequence[int]) -> bool:
    cells = [cells[index].strip() for cells in rows for index in columns if index < len(cells)]
    return any(cells) and _TOKENS.issuperset(cells)


def _in_words(header: Sequence[str], at: Mapping[str, int], frames: Frames, others: Sequence[int]) -> str:
    used = [name for name in ("image", "label", *frames.value) if name in at]
    read = ", ".join(f"“{header[at[name]].strip()}” as the {_TITLES.get(name, name)}" for name in used)
    unread = ", ".join(f"“{header[index].strip()}”" for index in others)
    return f"Read by its header: {read}." + (f" Not read: {unread}." if unread else "")


_TITLES: Final = {
    "left": "left edge",
    "top": "top edge",
    "right": "right edge",
    "bottom": "bottom edge",
    "across": "centre from the left",
    "down": "centre from the top",
}


def _not_understood(header: Sequence[str], why: str, place: str) -> UnreadableFileError:
    columns = ", ".join(f"“{cell.strip()}”" for cell in header)
    return UnreadableFileError(
        f"The header is not understood, as {why}. Its columns are {columns}.",
        detail=f"Call them {', '.join(HEADER)}, or right and bottom in place of the last two.",
        place=place,
    )


# By the form of the lines


class _Shape(Enum):
    """Forms of a line without a header."""

    IMAGE = "image"
    LABELS = "labels"
    SIZES = "sizes"
    CORNERS = "corners"
    EITHER = "either"
    ODD = "odd"


def _by_form(rows: Sequence[tuple[Sequence[str], int]], place: str) -> Columns:
    shapes = [_shape(cells) for cells, _ in rows]
    found = {*shapes} & {_Shape.SIZES, _Shape.CORNERS}
    if len(found) == 1:
        return _FORMS[found.pop()]
    if not {*shapes} - {_Shape.IMAGE, _Shape.LABELS}:
        return _FORMS[_Shape.LABELS]
    odd = next(index for index, shape in enumerate(shapes) if shape not in (_Shape.IMAGE, _Shape.LABELS))
    raise UnreadableFileError(
        "The table has no header, and its lines have no form that is known.",
        detail=f"Write a line above it that names the columns, such as {','.join(HEADER)}.",
        place=f"{place}, line {rows[odd][1]}",
    )


def _shape(row: Sequence[str]) -> _Shape:
    cells = [cell.strip() for cell in row]
    if not any(cells[1:]):
        return _Shape.IMAGE
    is_number = [number_of(cell) is not None for cell in cells]
    if sum(is_number[1:]) < _SAMPLE_FRAME - 1:
        return _Shape.LABELS
    if len(cells) < len(HEADER):
        return _Shape.ODD
    sizes = all(is_number[2:6]) and bool(cells[1]) and not any(cells[6:])
    corners = all(is_number[1:5]) and bool(cells[5]) and not any(cells[6:])
    if not (sizes or corners):
        return _Shape.ODD
    if sizes and corners:  # the label is a number
        return _Shape.EITHER
    return _Shape.SIZES if sizes else _Shape.CORNERS


_IF_NOT: Final = "If that is wrong, write a line above it that names the columns."
_FORMS: Final = {
    _Shape.LABELS: Columns(
        {"image": 0},
        has_header=False,
        many_labels=True,
        told=f"Without a header, read as an image and its labels (image,label,label…). {_IF_NOT}",
    ),
    _Shape.SIZES: Columns(
        {name: index for index, name in enumerate(HEADER)},
        has_header=False,
        frames=Frames.SIZES,
        told=f"Without a header, read as {','.join(HEADER)}. {_IF_NOT}",
    ),
    _Shape.CORNERS: Columns(
        {name: index for index, name in enumerate(("image", *Frames.CORNERS.value, "label"))},
        has_header=False,
        frames=Frames.CORNERS,
        told=f"Without a header, read as path,x1,y1,x2,y2,class, as RetinaNet writes it. {_IF_NOT}",
    ),
}
