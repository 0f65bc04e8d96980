"""What is said of a step: where it was made, that it was undone, or why it could not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truthline.errors import TruthlineError, WorkspaceError
from truthline.ui.document.steps.undo_stack import Move
from truthline.ui.kit.theme import shortened
from truthline.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.ui.document.steps.undo_stack import Step
    from truthline.workspace.workspace import Entry, EntryId

_TEXT = 80
_NAME = 60
_DONE = {Move.DO: "Done", Move.UNDO: "Undone", Move.REDO: "Done again"}


def carried_out(step: Step, move: Move, entry_of: Callable[[EntryId], Entry]) -> str:
    """What was carried out, and where, as in ``Undone on fig.jpg: Draw bolt.``."""
    where = _where(step, entry_of)
    return f"{_DONE[move]}{where}: {shortened(step.text, _TEXT)}."


def not_saved(
    step: Step | str,
    error: Exception,
    entry_of: Callable[[EntryId], Entry],
    *,
    move: Move = Move.DO,
    behind: int = 0,
) -> WorkspaceError:
    """Which step was not carried out and what to do next; ``behind`` counts the steps it took along."""
    text, where = (step, "") if isinstance(step, str) else (step.text, _where(step, entry_of))
    title = f"“{shortened(text, _TEXT)}”{where} was not {move.value}."
    if behind:
        title += f" Nor {'was' if behind == 1 else 'were'} the {counted(behind, 'step')} after it."
    why = str(error) if isinstance(error, TruthlineError) else f"Something went wrong: {error}"
    told = WorkspaceError(title, detail=why)
    told.__cause__ = error
    return told


def left_alone(images: int) -> str:
    """That entries in conflict have another line by now than when they were decided."""
    if images == 1:
        return "1 image was left as it is: it was changed meanwhile. Look at it again."
    return f"{images:,} images were left as they are: they were changed meanwhile. Look again."


def left_unchanged(images: int) -> str:
    """That an edit did not touch some images, because it would have changed a locked attribute."""
    return (
        f"{counted(images, 'image was', 'images were')} left unchanged: the change would touch an attribute"
        " that is read-only. See Labels > Attributes for what is edited."
    )


def _where(step: Step, entry_of: Callable[[EntryId], Entry]) -> str:
    """`` on fig.jpg`` or `` on 212 images``; nothing where the text itself tells it, or there is no image."""
    if step.count == 1:
        entry = entry_of(next(iter(step.entries)))
        return f" on {shortened(entry.source_ref.rsplit('/', 1)[-1] or f'line {entry.position:,}', _NAME)}"
    images = counted(step.count, "image")
    return f" on {images}" if step.count and images not in step.text else ""
