"""What goes in comes out: entries, lines, filters, findings, remote errors, image facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from truthline.errors import CancelledError
from truthline.manifest.annotation import ImageFacts, Level, RemoteError
from truthline.manifest.check.rules import check_line
from truthline.manifest.line import parse_line
from truthline.progress import CancelToken
from truthline.workspace.changes import NAMED_AT_MOST, Changes
from truthline.workspace.entry import NewEntry
from truthline.workspace.workspace import Counts, EntryId, Filter, Kind, Origin, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REMOTE = (
    RemoteError("ERROR_TOO_MANY_BOUNDING_BOXES", "Too many.", "/boxes_BB"),
    RemoteError("WARNING_X", "Hm."),
)
ODD_LINES = [
    b"",
    b"   ",
    b"{",
    b"\xff\xfe",
    b"[]",
    b"{}",
    b'{"source-ref":5}',
    b'{"source-ref":"\\ud800"}',
    b"\x00",
]


def test_an_entry_comes_back_as_it_went_in(workspace: Workspace, line: Callable[..., Any]) -> None:
    raw, base = line("s3://b/ä.jpg", ["leaf"], ["tree", "tree"]), line("s3://b/ä.jpg")
    changes = workspace.append([NewEntry(raw, b"\r\n", base, REMOTE)])
    (entry,) = workspace.entries([EntryId(one) for one in workspace.ids()])
    assert changes == Changes(entries=frozenset({entry.id}))
    assert (entry.position, entry.source_ref, entry.line, entry.ending) == (1, "s3://b/ä.jpg", raw, b"\r\n")
    assert (entry.base, entry.changed, entry.remote_errors, entry.facts) == (base, True, REMOTE, None)
    assert entry.findings == check_line(parse_line(raw))
    assert entry.annotation == parse_line(raw)
    assert workspace.entry(entry.id) == entry


def test_lines_come_out_byte_for_byte(workspace: Workspace, line: Callable[..., Any]) -> None:
    given = [(raw, ending) for raw in (*ODD_LINES, line("s3://b/a.jpg")) for ending in (b"\n", b"\r\n")]
    given.append((b" {} ", b""))
    workspace.append(NewEntry(raw, ending) for raw, ending in given)
    assert list(workspace.lines()) == given


@pytest.mark.parametrize("raw", ODD_LINES)
def test_a_line_that_cannot_be_pushed_is_an_entry(
    workspace: Workspace, line: Callable[..., Any], raw: bytes
) -> None:
    workspace.append([NewEntry(raw), NewEntry(line("s3://b/a.jpg", ["leaf"]))])
    first, second = workspace.entries([EntryId(one) for one in workspace.ids()])
    assert first.line == raw
    assert first.findings
    assert second.position == 2
    workspace.save(first.id, second.line)
    workspace.save(second.id, raw)
    assert workspace.entry(second.id).findings == first.findings
    assert workspace.entry(first.id).findings == second.findings


def test_a_line_feed_inside_a_line_is_refused(workspace: Workspace, line: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="line ending"):
        workspace.append([NewEntry(line("s3://b/a.jpg")), NewEntry(b'{"source-ref":\n"s3://b/b.jpg"}')])
    assert workspace.counts().total == 0


def test_an_id_that_was_never_given_is_refused(workspace: Workspace, line: Callable[..., Any]) -> None:
    (entry_id,) = _append(workspace, line("s3://b/a.jpg"))
    unknown = entry_id + 1
    for use in (
        lambda: workspace.entry(EntryId(unknown)),
        lambda: workspace.entries([EntryId(entry_id), EntryId(unknown)]),
        lambda: workspace.save_many({EntryId(entry_id): line("s3://b/b.jpg"), EntryId(unknown): b"{}"}),
        lambda: workspace.store_remote([(EntryId(entry_id), b"{}", ()), (EntryId(unknown), b"{}", ())]),
        lambda: workspace.store_facts(EntryId(unknown), ImageFacts(1, 1, "PNG", 1)),
    ):
        with pytest.raises(KeyError):
            use()
    assert workspace.entry(EntryId(entry_id)).line == line("s3://b/a.jpg")
    assert workspace.entry(EntryId(entry_id)).base is None


def test_saving_survives_closing(path: Path, line: Callable[..., Any]) -> None:
    with Workspace.create(path, WorkspaceInfo("leaves")) as workspace:
        ids = _append(workspace, line("s3://b/a.jpg"), line("s3://b/b.jpg"))
        saved = workspace.save(EntryId(ids[1]), line("s3://b/b.jpg", ["leaf"]))
        assert saved == Changes(entries=frozenset({EntryId(ids[1])}), listed=("leaf",))
    with Workspace.open(path) as workspace:
        assert [raw for raw, _ in workspace.lines()] == [line("s3://b/a.jpg"), line("s3://b/b.jpg", ["leaf"])]
        assert ids == list(workspace.ids())


def test_saving_the_same_line_changes_nothing(workspace: Workspace, line: Callable[..., Any]) -> None:
    (entry_id,) = _append(workspace, line("s3://b/a.jpg"))
    assert not workspace.save(EntryId(entry_id), line("s3://b/a.jpg"))
    assert not workspace.save_many({})


def test_changed_compares_values(workspace: Workspace, line: Callable[..., Any]) -> None:
    base = line("s3://b/a.jpg", ["leaf"])
    spaced = base.replace(b", ", b" ,  ")
    workspace.append([NewEntry(base, base=base), NewEntry(spaced, base=base), NewEntry(base)])
    assert [entry.changed for entry in workspace.entries([EntryId(one) for one in workspace.ids()])] == [
        False,
        False,
        True,
    ]
    assert workspace.counts().changed == 1
    first, second, third = workspace.ids()
    workspace.save(EntryId(first), line("s3://b/a.jpg"))
    assert workspace.entry(EntryId(first)).changed
    assert workspace.entry(EntryId(first)).base == base
    workspace.save(EntryId(first), base)
    assert not workspace.entry(EntryId(first)).changed
    workspace.store_remote([(EntryId(second), line("s3://b/a.jpg"), ()), (EntryId(third), spaced, ())])
    assert list(workspace.ids(Filter(kind=Kind.CHANGED))) == [second]
    workspace.store_remote([(EntryId(third), None, ())])
    assert workspace.entry(EntryId(third)).base is None
    assert list(workspace.ids(Filter(kind=Kind.CHANGED))) == [second, third]


def test_a_line_of_which_the_service_made_another_is_not_changed(
    workspace: Workspace, line: Callable[..., Any]
) -> None:
    given = line("s3://b/a.jpg", ["leaf"])
    made = given.replace(b'"confidence": 1', b'"confidence": 1, "more": true')
    workspace.append([NewEntry(given)])
    (entry_id,) = workspace.ids()
    workspace.store_remote([(EntryId(entry_id), made, ())], sent={EntryId(entry_id): given})
    assert (workspace.entry(EntryId(entry_id)).base, workspace.entry(EntryId(entry_id)).sent) == (made, given)
    assert not workspace.entry(EntryId(entry_id)).changed
    workspace.save(EntryId(entry_id), line("s3://b/a.jpg"))
    assert workspace.entry(EntryId(entry_id)).changed
    workspace.save(EntryId(entry_id), given)
    workspace.store_remote([(EntryId(entry_id), made, REMOTE)])
    assert not workspace.entry(EntryId(entry_id)).changed
    workspace.store_remote([(EntryId(entry_id), line("s3://b/a.jpg", ["tree"]), ())])
    assert workspace.entry(EntryId(entry_id)).sent is None
    assert workspace.entry(EntryId(entry_id)).changed


def test_remote_errors_are_replaced(workspace: Workspace, line: Callable[..., Any]) -> None:
    raw = line("s3://b/a.jpg", ["leaf"])
    workspace.append([NewEntry(raw, base=raw, remote_errors=REMOTE)])
    (entry_id,) = workspace.ids()
    assert workspace.counts().with_remote_errors == 1
    workspace.save(EntryId(entry_id), line("s3://b/a.jpg"))
    assert workspace.entry(EntryId(entry_id)).remote_errors == REMOTE
    assert workspace.store_remote([(EntryId(entry_id), raw, REMOTE[1:])]) == Changes(
        entries=frozenset({EntryId(entry_id)})
    )
    assert workspace.entry(EntryId(entry_id)).remote_errors == REMOTE[1:]
    workspace.store_remote([(EntryId(entry_id), raw, ())])
    assert workspace.counts().with_remote_errors == 0


def test_facts_bring_findings_and_are_replaced(workspace: Workspace, line: Callable[..., Any]) -> None:
    raw = line("s3://b/a.jpg", boxes=["tree"])
    (entry_id,) = _append(workspace, raw)
    for facts in (ImageFacts(10, 10, "PNG", 2**40), ImageFacts(640, 480, "JPEG", 1000, "Broken: ö.")):
        assert workspace.store_facts(EntryId(entry_id), facts) == Changes(
            entries=frozenset({EntryId(entry_id)})
        )
        assert not workspace.store_facts(EntryId(entry_id), facts)
        assert workspace.entry(EntryId(entry_id)).facts == facts
        assert workspace.entry(EntryId(entry_id)).findings == check_line(parse_line(raw), facts)
    assert check_line(parse_line(raw), ImageFacts(10, 10, "PNG", 2**40)) != check_line(parse_line(raw))
    edited = line("s3://b/a.jpg", boxes=["tree", "tree"])
    workspace.save(EntryId(entry_id), edited)
    assert workspace.entry(EntryId(entry_id)).facts == facts
    assert workspace.entry(EntryId(entry_id)).findings == check_line(parse_line(edited), facts)


def test_find_gives_the_last_of_several(workspace: Workspace, line: Callable[..., Any]) -> None:
    ids = _append(
        workspace, line("s3://b/a.jpg"), line("s3://b/b.jpg"), line("s3://b/a.jpg", ["leaf"]), b"{}"
    )
    assert workspace.find("s3://b/a.jpg") == ids[2]
    assert workspace.find("s3://b/A.jpg") is None
    workspace.save(EntryId(ids[2]), line("s3://b/c.jpg"))
    assert workspace.find("s3://b/a.jpg") == ids[0]
    assert workspace.find("s3://b/c.jpg") == ids[2]


def test_filters(workspace: Workspace, line: Callable[..., Any]) -> None:
    ids = _append(
        workspace,
        line("s3://b/Oak_1.jpg", ["leaf"]),
        line("s3://b/oak-2.jpg", boxes=["tree", "leaf"]),
        line("s3://b/100%.jpg"),
        line(None, ["leaf"]),
    )

    def positions(**only: Any) -> list[Any] | list[int]:
        return [ids.index(found) for found in workspace.ids(Filter(**only))]

    assert workspace.ids().typecode == "q"
    assert positions() == [0, 1, 2, 3]
    assert positions(text="OAK") == [0, 1]
    assert positions(text="oak_") == [0]
    assert positions(text="%") == [2]
    assert positions(text="\\") == []
    assert positions(label="leaf") == [0, 1, 3]
    assert positions(label="tree") == [1]
    assert positions(label="Leaf") == []
    assert positions(kind=Kind.UNLABELLED) == [2]
    assert positions(label="leaf", text="oak", kind=Kind.CHANGED) == [0, 1]
    assert 3 in positions(kind=Kind.PROBLEMS)
    assert 0 not in positions(kind=Kind.PROBLEMS)
    workspace.store_remote([(EntryId(ids[0]), None, REMOTE)])
    assert 0 in positions(kind=Kind.PROBLEMS)


def test_text_is_found_in_upper_and_lower_case_of_any_alphabet(
    workspace: Workspace, line: Callable[..., Any]
) -> None:
    ids = _append(workspace, line("s3://b/ÄPFEL/Straße.jpg"), line("s3://b/apfel.jpg"))
    assert list(workspace.ids(Filter(text="äpfel"))) == ids[:1]
    assert list(workspace.ids(Filter(text="PFEL"))) == ids


def test_counts(workspace: Workspace, line: Callable[..., Any]) -> None:
    assert workspace.counts() == Counts(0, 0, 0, 0, 0, 0, 0)
    raw = line("s3://b/a.jpg", ["leaf"])
    workspace.append(
        [NewEntry(raw, base=raw, remote_errors=REMOTE), NewEntry(b"{}"), NewEntry(b"", base=b"")]
    )
    counts = workspace.counts()
    assert (counts.total, counts.unlabelled, counts.changed) == (3, 2, 1)
    assert (counts.with_findings, counts.with_remote_errors, counts.problems) == (2, 1, 3)


def test_problems_stream_by_position(workspace: Workspace, line: Callable[..., Any]) -> None:
    sound = line("s3://b/a.jpg", ["leaf"])
    workspace.append([NewEntry(b"{}", remote_errors=REMOTE), NewEntry(sound), NewEntry(b"")])
    everything = list(workspace.problems())
    assert [problem.position for problem in everything] == sorted(problem.position for problem in everything)
    first = workspace.entry(EntryId(workspace.ids()[0]))
    of_first = [problem for problem in everything if problem.position == 1]
    assert [p.code for p in of_first] == [f.code for f in first.findings] + [e.code for e in REMOTE]
    assert [p.level for p in of_first if p.origin is Origin.REMOTE] == [Level.ERROR, Level.WARNING]
    assert of_first[-2].pointer == "/boxes_BB"
    assert {problem.position for problem in everything} == {1, 3}
    paged, after = [], None
    while page := list(workspace.problems(after=after, limit=2)):
        paged += page
        after = page[-1]
    assert paged == everything


def test_many_entries_stream_in_with_progress(workspace: Workspace, line: Callable[..., Any]) -> None:
    seen: list[Any] = []
    total = NAMED_AT_MOST + 1
    changes = workspace.append((NewEntry(line(f"s3://b/{n}.jpg")) for n in range(total)), report=seen.append)
    assert changes == Changes(everything=True)
    assert [progress.done for progress in seen] == sorted({progress.done for progress in seen})
    assert seen[-1].done == total
    ids = list(workspace.ids())
    assert [entry.position for entry in workspace.entries([EntryId(one) for one in ids[::-1]])] == list(
        range(total, 0, -1)
    )
    assert workspace.append([NewEntry(b"{}")]).entries == {workspace.ids()[-1]}


def test_a_cancelled_append_adds_nothing(workspace: Workspace, line: Callable[..., Any]) -> None:
    workspace.append([NewEntry(line("s3://b/a.jpg", ["leaf"]))])
    token = CancelToken()
    endless = (NewEntry(line("s3://b/b.jpg", ["tree"])) for _ in iter(int, 1))
    with pytest.raises(CancelledError):
        workspace.append(endless, report=lambda _: token.cancel(), cancel=token)
    assert workspace.counts().total == 1
    assert [label.name for label in workspace.labels()] == ["leaf"]
    workspace.append([NewEntry(line("s3://b/b.jpg", ["tree"]))])
    assert workspace.counts().total == 2


def test_a_source_that_fails_adds_nothing(workspace: Workspace, line: Callable[..., Any]) -> None:
    def broken() -> Iterator[NewEntry]:
        yield NewEntry(line("s3://b/a.jpg"))
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        workspace.append(broken())
    assert workspace.counts().total == 0


def test_changes_add_up() -> None:
    one, two = Changes(entries=frozenset({EntryId(1)})), Changes(entries=frozenset({EntryId(2)}), info=True)
    assert one | two == Changes(entries=frozenset({EntryId(1), EntryId(2)}), info=True)
    assert one | Changes(everything=True, pushes=True) == Changes(everything=True, pushes=True)
    assert one
    assert not Changes()
    many = Changes.of_entries([EntryId(one) for one in range(NAMED_AT_MOST)])
    assert many.entries
    assert (many | Changes.of_entries([EntryId(NAMED_AT_MOST)])) == Changes(everything=True)


def _append(workspace: Workspace, *lines: bytes) -> list[int]:
    workspace.append([NewEntry(raw) for raw in lines])
    return list(workspace.ids())
