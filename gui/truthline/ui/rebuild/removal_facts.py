"""What must be known of entries before they are removed, and the edit that takes their labels off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from truthline.manifest import edit
from truthline.manifest.line import split_source_ref
from truthline.progress import in_blocks
from truthline.sync.rebuild.rebuild import unfinished_rebuild
from truthline.words import counted
from truthline.workspace.workspace import EntryId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truthline.manifest.annotation import Annotation
    from truthline.progress import CancelToken
    from truthline.workspace.workspace import Workspace

_NAMED = 3
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class RemovalFacts:
    """Of the entries to remove: how many there are, have a base line, have labels; the first ones' names.

    ``damaged`` counts those of which the workspace does not know any more what it held.

    ``place`` is where manifests may go in S3, "" if nothing suggests itself. ``no_rebuild`` is why the
    dataset cannot be rebuilt now, "" if it can.
    """

    count: int
    held: int
    labelled: int
    names: tuple[str, ...]
    place: str
    no_rebuild: str
    damaged: int = 0

    @property
    def words(self) -> str:
        """Which images these are, in a sentence."""
        named = ", ".join(self.names)
        more = f" and {self.count - len(self.names):,} more" if self.count > len(self.names) else ""
        return f"{counted(self.count, 'image')}: {named}{more}."


def read_facts(workspace: Workspace, ids: Sequence[EntryId], cancel: CancelToken) -> RemovalFacts:
    """Look at the entries, and at what stands in the way of a rebuild."""
    held = labelled = damaged = 0
    names: list[str] = []
    for block in in_blocks(ids, cancel=cancel):
        for entry in workspace.entries(block):
            annotation = entry.annotation
            held += entry.base is not None
            damaged += entry.damaged is not None
            labelled += bool(annotation.class_labels or annotation.boxes)
            if len(names) < _NAMED:
                names.append(entry.source_ref.rpartition("/")[2] or f"line {entry.position}")
    place, obstacle = suggested_place(workspace), no_rebuild(workspace)
    return RemovalFacts(len(ids), held, labelled, tuple(names), place, obstacle, damaged)


def suggested_place(workspace: Workspace) -> str:
    """Where manifests may go in S3: the place of new images, else the bucket of the first ones."""
    if workspace.info.target:
        return workspace.info.target
    first = [EntryId(one) for one in workspace.ids()[:_LOOKED_AT]]
    bucket = next(filter(None, (_bucket(entry.source_ref) for entry in workspace.entries(first))), "")
    return f"s3://{bucket}/truthline" if bucket else ""


def no_rebuild(workspace: Workspace) -> str:
    """Why the dataset cannot be made anew now, "" if it can."""
    if not workspace.info.dataset_arn:
        return "Not possible now: this workspace belongs to no dataset. Connect it to one first."
    unfinished = unfinished_rebuild(workspace)
    if unfinished:
        return f"Not possible now: an earlier one is not finished. {unfinished}"
    if workspace.unfinished_push() is not None:
        return "Not possible now: a push is not finished. Push again first, so that it is ended."
    conflicts = workspace.counts().conflicts
    if conflicts:
        are = "image is" if conflicts == 1 else "images are"
        return f"Not possible now: {conflicts:,} {are} in conflict. Decide that first."
    return ""


def off_all(annotation: Annotation) -> Annotation:
    """The same image without class labels and boxes; a line that cannot be edited stays as it is."""
    for label in annotation.class_labels:
        annotation = edit.remove_class_label(annotation, label.attribute)
    for attribute in annotation.box_attributes:
        if attribute.boxes:
            annotation = edit.remove_boxes(annotation, attribute.name, range(len(attribute.boxes)))
    return annotation


def _bucket(source_ref: str) -> str:
    try:
        return split_source_ref(source_ref)[0]
    except ValueError:
        return ""
