"""XML without what makes it dangerous: declared entities are refused, nothing is fetched, depth is bounded.

Python's own parser, called directly since its ElementTree front does not tell of entity declarations.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

if TYPE_CHECKING:
    from typing import NoReturn

_DEEPEST: Final = 50
"""Annotations nest five deep; each level more is a frame of the parser's."""
_CHARACTERS: Final = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
"""XML 1.0, production Char; even escaped, it has no way to write the others."""


class XmlError(ValueError):
    """Not XML, or XML that is refused."""


def parse_xml(data: bytes) -> Element:
    """Parse a document.

    Raises:
        XmlError: not well-formed, nested deeper than 50 elements, or with entity declarations.

    """
    builder = TreeBuilder()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise XmlError(f"elements are nested more than {_DEEPEST} deep")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(data, True)  # noqa: FBT003  # the parameter has no name
    except (expat.ExpatError, UnicodeError, LookupError) as error:
        raise XmlError(str(error)) from error
    return builder.close()


def fits_xml(text: str) -> bool:
    """Whether XML can hold the text, so that `parse_xml` gives it back."""
    return _CHARACTERS.fullmatch(text) is not None


def _refuse_entity(name: str, *_: object) -> NoReturn:
    raise XmlError(f"it declares the entity {name!r}, which images' labels have no use for")
