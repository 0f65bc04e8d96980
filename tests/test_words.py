import string

import pytest

from truthline.errors import OfflineError
from truthline.progress import Doing, Progress
from truthline.words import _SENTENCES, progress_words

OFFLINE = OfflineError("Could not send: no connection.", detail="Check the network.", reason="No connection.")


@pytest.mark.parametrize("doing", Doing, ids=lambda one: one.name)
def test_whatever_is_done_has_a_sentence(doing: Doing) -> None:
    told = Progress(doing, 2, 5, about="a.png", number=3, count=1_204, error=OFFLINE)
    words = progress_words(told)
    named = {name for _, name, _, _ in string.Formatter().parse(_SENTENCES[doing]) if name}
    assert ("a.png" in words) == ("about" in named)
    assert ("no connection" in words) == ("error" in named)
    assert ("204" in words) == bool({"count", "lines"} & named)


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (Progress(Doing.ASKED, about="Rename {a} to <b>"), "Rename {a} to <b>"),
        (Progress(Doing.SENDING, 1, 3), "Sending batch 2 of 3"),
        (Progress(Doing.UPLOADING, 5, 9, about="a.png", number=1, count=1), "Uploading a.png"),
        (Progress(Doing.UPLOADING, about="a.png", number=2, count=4), "Uploading image 2 of 4 · a.png"),
        (Progress(Doing.WAITING, wait=9.0, error=OFFLINE), "Could not send: no connection. Trying again."),
        (Progress(Doing.READING_BACK, count=1), "Reading back 1 line"),
        (
            Progress(Doing.RECOVERED, number=1_000, count=2_000),
            "An earlier push was broken off; 1,000 of its 2,000 lines were stored.",
        ),
    ],
)
def test_the_sentences(progress: Progress, words: str) -> None:
    assert progress_words(progress) == words
