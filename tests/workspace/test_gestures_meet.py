"""A gesture, or its undo, on a line into which somebody else's changes were merged meanwhile."""

from __future__ import annotations

import json

from truthline.workspace.workspace import EntryId, NewEntry, Settlement, Workspace

REF = b'{"source-ref":"s3://b/a.jpg"'


def line(*notes: str) -> bytes:
    return REF + b"".join(b',"%b":1' % note.encode() for note in notes) + b"}"


def keys(workspace: Workspace, entry_id: int) -> set[str]:
    return set(json.loads(workspace.entry(EntryId(entry_id)).line)) - {"source-ref"}


def test_both_are_kept(workspace: Workspace) -> None:
    workspace.append([NewEntry(line("base"), base=line("base"))])
    (entry_id,) = workspace.ids()
    merged = line("base", "theirs")
    workspace.settle({EntryId(entry_id): Settlement(expected=line("base"), line=merged, base=merged)})
    gesture, before = {entry_id: line("base", "mine")}, {entry_id: line("base")}
    workspace.save_many(gesture, made_from=before)  # type: ignore[arg-type]
    assert keys(workspace, entry_id) == {"base", "theirs", "mine"}
    workspace.save_many(before, made_from=gesture)  # type: ignore[arg-type]  # undone
    assert keys(workspace, entry_id) == {"base", "theirs"}
    assert not workspace.entry(EntryId(entry_id)).changed
    workspace.save_many(gesture, made_from=before)  # type: ignore[arg-type]  # done again
    assert keys(workspace, entry_id) == {"base", "theirs", "mine"}


def test_a_line_that_is_as_it_was_is_simply_replaced(workspace: Workspace) -> None:
    workspace.append([NewEntry(line("base"))])
    (entry_id,) = workspace.ids()
    odd = line("base")[:-1] + b' , "mine" : 1.0 }'
    workspace.save_many({EntryId(entry_id): odd}, made_from={entry_id: line("base")})  # type: ignore[dict-item]
    assert workspace.entry(EntryId(entry_id)).line == odd
