"""Text from data on its way through a signal, as it is."""

from __future__ import annotations


class RawText(str):
    """What a signal is declared with that carries a label's name, a source-ref or a path.

    A signal of ``str`` makes a Qt string of it, which drops halves of characters (lone surrogates). JSON and
    file names may hold them, and what comes out of the signal would name nothing that there is.
    """

    __slots__ = ()
