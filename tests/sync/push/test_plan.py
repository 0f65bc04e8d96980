"""The plan: every line in one place, batches under the limit, refusals for what would be lost."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from present import present
from truthline.manifest.line import same_value
from truthline.sync.pull.meeting import Candidate, OnConflict
from truthline.sync.push.plan import BATCH_BYTES, Plan, batched, bucket_of, plan
from truthline.workspace.workspace import EntryId

if TYPE_CHECKING:
    from collections.abc import Callable


def candidate(number: int, line: bytes, base: bytes | None = None, sent: bytes | None = None) -> Candidate:
    try:
        ref = json.loads(line)["source-ref"]
    except (ValueError, KeyError, TypeError):
        ref = ""
    return Candidate(EntryId(number), number, ref, line, base, sent)


def bare(ref: str) -> bytes:
    return json.dumps({"source-ref": ref}).encode()


refs = st.sampled_from([f"s3://{bucket}/{key}.jpg" for bucket in ("a", "b") for key in "pqr"])
good = refs.map(bare)
bad = st.sampled_from([b"", b"  ", b"{", b"[]", b"{}", b'{"source-ref": "x"}', b'{"source-ref":1}', b"\xff"])
candidates = st.lists(st.tuples(good | bad, st.none() | good), max_size=12).map(
    lambda lines: [candidate(n, line, base) for n, (line, base) in enumerate(lines, 1)]
)


@given(candidates, st.sampled_from(["", "a"]), st.booleans())
def test_every_line_is_in_one_place(everyone: list[Any] | list[Candidate], bucket: str, strict: bool) -> None:
    found = plan(everyone, bucket=bucket, strict=strict)
    sent = [one.line_number for batch in found.batches for one in batch]
    places = [*sent, *found.unchanged, *(remark.line for remark in found.refused)]
    assert sorted(places) == [one.line_number for one in everyone]  # type: ignore[type-var]
    assert sent == sorted(sent)
    assert found.lines == len(sent)


@given(candidates, st.booleans())
def test_the_same_input_gives_the_same_plan(everyone: list[Any] | list[Candidate], strict: bool) -> None:
    assert plan(everyone, bucket="a", strict=strict) == plan(iter(everyone), bucket="a", strict=strict)


@given(candidates)
def test_no_source_ref_is_sent_twice_and_none_of_another_bucket(
    everyone: list[Any] | list[Candidate],
) -> None:
    sent = [one.source_ref for batch in plan(everyone, bucket="a", strict=False).batches for one in batch]
    assert len(sent) == len(set(sent))
    assert all(ref.startswith("s3://a/") for ref in sent)


@given(st.lists(st.integers(1, 2_400_000), max_size=12))
def test_batches_stay_under_the_limit_and_keep_the_order(sizes: list[Any] | list[int]) -> None:
    everyone = [candidate(n, b"x" * size) for n, size in enumerate(sizes, 1)]
    batches = list(batched(everyone))
    assert [one for batch in batches for one in batch] == everyone
    assert all(sum(len(one.line) + 1 for one in batch) < BATCH_BYTES for batch in batches)
    # No batch is ended before it has to be.
    for batch, following in pairwise(batches):
        assert sum(len(one.line) + 1 for one in (*batch, following[0])) >= BATCH_BYTES


def test_the_limit_is_less_than_five_million_bytes() -> None:
    exact = [candidate(1, b"x" * 2_499_999), candidate(2, b"x" * 2_499_999)]
    assert [len(batch) for batch in batched(exact)] == [1, 1]
    below = [candidate(1, b"x" * 2_499_999), candidate(2, b"x" * 2_499_998)]
    assert [len(batch) for batch in batched(below)] == [2]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "TRUTHLINE_BLANK_LINE"),
        (b"{", "ERROR_INVALID_JSON_LINE"),
        (b"\xff", "ERROR_INVALID_JSON_LINE"),
        (b"{}", "ERROR_MISSING_SOURCE_REF"),
        (b'{"source-ref":"a.jpg"}', "ERROR_INVALID_SOURCE_REF_FORMAT"),
        (b'{"source-ref":"s3://a/p.jpg","x":"' + b"y" * 100_000 + b'"}', "TRUTHLINE_LINE_TOO_LONG"),
        (bare("s3://b/p.jpg"), "TRUTHLINE_OTHER_BUCKET"),
    ],
)
def test_what_the_service_would_drop_is_refused(line: bytes, code: str) -> None:
    found = plan([candidate(1, line)], bucket="a", strict=False)
    assert [(remark.code, remark.line) for remark in found.refused] == [(code, 1)]
    assert found.refused[0].message
    assert found.batches == ()


def test_characters_count_and_not_bytes() -> None:
    line = b'{"source-ref":"s3://a/p.jpg","x":"' + "é".encode() * 60_000 + b'"}'
    assert plan([candidate(1, line)], bucket="a", strict=False).lines == 1


def test_of_repeated_lines_the_last_is_the_good_one() -> None:
    first, second, third = (json.dumps({"source-ref": "s3://a/p.jpg", "n": n}).encode() for n in range(3))
    changed = plan([candidate(1, first), candidate(2, second)], bucket="a", strict=False)
    assert [one.line_number for one in changed.batches[0]] == [2]
    assert [(one.line, one.code) for one in changed.refused] == [(1, "TRUTHLINE_REPEATED_SOURCE_REF")]
    held = [candidate(1, first), candidate(2, second), candidate(3, third, third)]
    unchanged = plan(held, bucket="a", strict=False)
    assert unchanged.unchanged == (3,)
    assert [one.line for one in unchanged.refused] == [1, 2]


def test_strict_refuses_lines_that_the_service_would_report_on(labelled: Callable[..., Any]) -> None:
    wrong = labelled(1).replace(b"image-classification", b"nonsense")
    lenient = plan([candidate(1, wrong)], bucket="leaves", strict=False)
    strict = plan([candidate(1, wrong)], bucket="leaves", strict=True)
    assert lenient.lines == 1
    assert [remark.code for remark in strict.refused] == ["ERROR_UNSUPPORTED_USE_CASE_TYPE"]
    assert plan([candidate(1, bare("s3://leaves/p.jpg"))], bucket="leaves", strict=True).lines == 1


def test_a_line_that_means_the_same_is_unchanged() -> None:
    line = b'{"source-ref":"s3://a/p.jpg","n":1.0,"unknown":2}'
    base = b'{"n": 1, "unknown": 2, "source-ref": "s3://a/p.jpg"}'
    assert plan([candidate(1, line, base)], bucket="a", strict=False).unchanged == (1,)
    reduced = b'{"source-ref":"s3://a/p.jpg"}'
    assert plan([candidate(1, line, reduced)], bucket="a", strict=False).lines == 1
    assert plan([candidate(1, line, reduced, line)], bucket="a", strict=False).unchanged == (1,)


def test_the_datasets_bucket_is_that_of_what_it_holds() -> None:
    held = candidate(1, bare("s3://a/p.jpg"), bare("s3://a/p.jpg"))
    new = [candidate(n, bare(f"s3://b/{n}.jpg")) for n in range(2, 5)]
    assert bucket_of([*new, held]) == "a"
    assert bucket_of(new) == "b"
    assert (
        bucket_of([candidate(1, b"{"), candidate(2, bare("s3://y/1")), candidate(3, bare("s3://x/1"))]) == "y"
    )
    assert bucket_of([candidate(1, b"")]) == ""


def noted(ref: str, **notes: Any) -> bytes:
    return json.dumps({"source-ref": ref, **notes}).encode()


versions = st.dictionaries(st.sampled_from(["x", "y", "z"]), st.integers(0, 2), max_size=3)
sides = st.tuples(st.none() | versions, versions, st.none() | versions)


@given(st.lists(sides, max_size=6), st.sampled_from(OnConflict))
def test_with_remote_lines_every_line_is_in_one_place_too(
    three: list[Any] | list[tuple[Any, ...]], on_conflict: OnConflict
) -> None:
    everyone, remote = [], {}
    for number, (base, mine, theirs) in enumerate(three, 1):
        ref = f"s3://a/{number}.jpg"
        everyone.append(candidate(number, noted(ref, **mine), None if base is None else noted(ref, **base)))
        if theirs is not None:
            remote[ref] = noted(ref, **theirs)
    found = plan(everyone, bucket="a", strict=False, remote=remote, on_conflict=on_conflict)
    assert found == plan(iter(everyone), bucket="a", strict=False, remote=remote, on_conflict=on_conflict)
    sent = {one.line_number: one for batch in found.batches for one in batch}
    in_conflict = {one.line for one in found.conflicts}
    places = [*sent, *found.unchanged, *in_conflict, *(one.line for one in found.refused)]
    assert sorted(places) == [one.line_number for one in everyone]  # type: ignore[type-var]
    assert not in_conflict or on_conflict is OnConflict.STOP
    for one in everyone:
        _check_settled(one, remote.get(one.source_ref), found, sent.get(one.line_number))


def _check_settled(one: Candidate, theirs: bytes | None, found: Plan, sent: Candidate | None) -> None:
    """What the workspace is to store agrees with what is sent, on the base of what the dataset holds."""
    settlement = found.settlements.get(one.entry_id)
    if sent is not None:
        assert sent.line == (settlement.line if settlement else one.line)
        assert (theirs is None) == (sent.base is None)
        assert theirs is None or same_value(present(sent.base), theirs)
        assert theirs is None or not same_value(sent.line, theirs)
    if settlement is None:
        return
    assert settlement.expected == one.line
    if settlement.theirs is not None:
        assert (settlement.line, settlement.base, settlement.theirs) == (one.line, one.base, theirs)
    elif one.entry_id in found.unchanged:
        assert theirs is not None
        assert same_value(settlement.line, theirs)


@given(sides)
def test_nothing_of_theirs_is_lost_without_a_decision(three: tuple[Any, ...]) -> None:
    base, mine, theirs = three
    ref = "s3://a/p.jpg"
    one = candidate(1, noted(ref, **mine), None if base is None else noted(ref, **base))
    found = plan(
        [one], bucket="a", strict=False, remote={} if theirs is None else {ref: noted(ref, **theirs)}
    )
    if theirs is None or not found.batches:
        return
    sent = json.loads(found.batches[0][0].line)
    before = base or {}
    for key, value in theirs.items():
        if before.get(key) != value:
            assert sent[key] == value, "a change of theirs is sent along"
    for key in before.keys() - theirs.keys():
        assert key not in sent or mine.get(key) != before[key], "what they removed stays removed"
