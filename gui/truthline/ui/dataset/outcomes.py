"""What came of a push or a pull, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthline.words import counted
from truthline.workspace.damage import DAMAGED, Damaged, left_out_words
from truthline.workspace.workspace import EntryId

if TYPE_CHECKING:
    from truthline.sync.pull.pull import PullResult
    from truthline.sync.push.push import PushResult


def push_told(result: PushResult) -> tuple[str, bool]:
    """What came of a push, in sentences, and whether all is well."""
    if result.error is not None and result.status is None and not result.pushed:
        return str(result.error), False
    stored = f"{counted(result.pushed, 'line is', 'lines are')} stored."
    sentences = [stored if result.pushed else "Nothing had to be sent."]
    if result.merged:
        sentences.append(f"Others' changes were merged into {counted(result.merged, 'image')}.")
    lost = [one for one in result.refused if one.code == DAMAGED]
    damaged = [Damaged(EntryId(one.line or 0), one.source_ref) for one in lost]
    if damaged:
        sentences.append(left_out_words(damaged, what="not sent"))
    for count, what in (
        (len(result.refused) - len(damaged), "refused before sending"),
        (len(result.dropped), "not stored by the service"),
        (len(result.stored_differently), "stored differently than sent"),
    ):
        if count:
            sentences.append(f"{count:,} {'was' if count == 1 else 'were'} {what}.")
    conflicts = len({one.source_ref for one in result.conflicts})
    if conflicts:
        sentences.append(
            f"{counted(conflicts, 'image was', 'images were')} changed by somebody else too and not sent."
        )
    errors = len({remark.source_ref for remark in result.remote_errors})
    if errors:
        sentences.append(f"The service reports problems on {counted(errors, 'image')}.")
    if result.error is not None:
        sentences.append(str(result.error))
    return " ".join(sentences), result.flawless


def push_words(result: PushResult) -> str:
    """How a push went, in a sentence or two."""
    stored = f"{counted(result.pushed, 'line is', 'lines are')} stored."
    if result.error is not None:
        return f"It was broken off. {stored} {result.error.title}"
    left = len(result.refused) + len(result.dropped) + len(result.stored_differently)
    sentences = [stored]
    if left:
        sentences.append(f"{counted(left, 'line is', 'lines are')} not as sent.")
    conflicts = len({one.source_ref for one in result.conflicts})
    if conflicts:
        sentences.append(f"{counted(conflicts, 'image is', 'images are')} in conflict.")
    return " ".join(sentences)


def pull_words(result: PullResult) -> str:
    """What came in, in a sentence or two."""
    came = f"{result.added:,} added, {result.changed:,} changed, {result.merged:,} merged."
    if result.conflicts:
        came += f" {counted(result.conflicts, 'image is', 'images are')} in conflict."
    if result.error is not None:
        return f"It was broken off; what arrived is kept. {came} {result.error.title}"
    return came
