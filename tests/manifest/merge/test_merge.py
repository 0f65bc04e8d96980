from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from present import present
from truthline.manifest import edit
from truthline.manifest.annotation import Annotation, Box, ImageSize
from truthline.manifest.check.rules import check_line
from truthline.manifest.labels import rename_label
from truthline.manifest.line import parse_line, same_value
from truthline.manifest.merge.merge import MergeConflict, Side, merge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2021, 7, 11, 3, 33, 42, 25_000, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SIZE = ImageSize(640, 480)
BB = "parts_BB"
CLASS_TYPE = "groundtruth/image-classification"

# As Ground Truth writes a class label.
VEHICLE = (
    b'{"source-ref": "s3://b/image_0007.jpeg", "demo": 3, "demo-metadata": {"class-name": "Helicopter", '
    b'"job-name": "labeling-job/demo", "confidence": 0.950, "type": "groundtruth/image-classification", '
    b'"human-annotated": "yes", "creation-date": "2023-03-08T19:30:08.880289"}, "my-notes": "caf\\u00e9"}'
)


def line_with_boxes(*boxes: tuple[Any, ...]) -> Annotation:
    annotation = edit.new_annotation("s3://b/k.jpg")
    for label, left, top in boxes:
        annotation = with_box(annotation, label, left, top)
    return annotation


def with_box(
    annotation: Annotation, label: str, left: int, top: int, width: int = 40, height: int = 30
) -> Annotation:
    return edit.add_box(annotation, BB, Box(label, left, top, width, height), SIZE, NOW)


def moved(annotation: Annotation, index: int, left: int, top: int) -> Annotation:
    box = annotation.box_attributes[0].boxes[index]
    return edit.set_box_frame(annotation, BB, index, left, top, box.width, box.height)


def boxes_of(line: bytes) -> list[Any] | list[tuple[Any, ...]]:
    """Label, left and top of each box."""
    return [(b.label, b.left, b.top) for found in parse_line(line).box_attributes for b in found.boxes]


def merged(base: Any, mine: Any, theirs: Any) -> bytes:
    """Merge without a conflict, and give the line."""
    result = merge(raw(base), present(raw(mine)), present(raw(theirs)))
    assert result.conflicts == ()
    assert merge(raw(base), present(raw(mine)), present(raw(theirs)), prefer=Side.THEIRS) == result
    return result.line


def conflicts_of(base: Any, mine: Any, theirs: Any) -> tuple[Any, ...]:
    """The conflicts, and the lines for both sides."""
    first, second = (merge(raw(base), present(raw(mine)), present(raw(theirs)), prefer=side) for side in Side)
    assert first.conflicts == second.conflicts != ()
    return first.conflicts, first.line, second.line


def raw(line: Any) -> bytes | None:
    if isinstance(line, dict):
        return json.dumps(line).encode()
    return line if line is None or isinstance(line, bytes) else line.raw


def changed(line: Any, *path: object, to: Any) -> bytes:
    """The line with another value at the path."""
    value = json.loads(present(raw(line)))
    holder = value
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = to
    return raw(value)  # type: ignore[return-value]


def without(line: Any, *path: str) -> bytes:
    value = json.loads(present(raw(line)))
    holder = value
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return raw(value)  # type: ignore[return-value]


def label(
    name: str, *, confidence: float = 1, date: str = "2020-01-01T00:00:00Z", job: str = "labeling-job/x"
) -> dict[str, Any]:
    metadata = {"confidence": confidence, "job-name": job, "class-name": name, "human-annotated": "yes"}
    return metadata | {"creation-date": date, "type": CLASS_TYPE}


class TestWholeLine:
    def test_a_line_that_one_side_left_alone_is_the_others_byte_for_byte(self) -> None:
        respaced = json.dumps(json.loads(VEHICLE)).encode()
        assert respaced != VEHICLE
        mine = VEHICLE.replace(b"Helicopter", b"Ferry")
        assert merge(VEHICLE, mine, respaced).line is mine
        assert merge(VEHICLE, respaced, mine).line is mine

    def test_what_both_have_alike_is_theirs(self) -> None:
        theirs = VEHICLE.replace(b"0.950", b"0.5")
        mine = json.dumps(json.loads(theirs)).encode()
        result = merge(VEHICLE, mine, theirs)
        assert result.line is theirs
        assert result.conflicts == ()

    @pytest.mark.parametrize(
        "odd",
        [b"", b"not JSON", b"\xff\xfe", b'"text"', b"[1]", b"{" * 3000, b'{"a":1,"a":2}', b'{"a":1e999}'],
    )
    def test_what_cannot_be_taken_apart_is_one_thing(self, odd: bytes) -> None:
        conflicts, mine, theirs = conflicts_of(VEHICLE, odd, VEHICLE.replace(b"Helicopter", b"Ferry"))
        assert (mine, conflicts[0].pointer, conflicts[0].what) == (odd, "", "The line")
        assert b"Ferry" in theirs
        assert conflicts[0].base["demo"] == 3
        assert merge(VEHICLE, odd, VEHICLE).line is odd
        assert merge(odd, VEHICLE, odd).line is VEHICLE
        assert merge(odd, odd, VEHICLE).line is VEHICLE

    def test_a_conflict_about_text_that_is_no_json_shows_it(self) -> None:
        (conflict,), _, _ = conflicts_of(None, b"mine\xff", b"[2]")
        assert conflict == MergeConflict("", "The line", None, "mine\\xff", [2])

    def test_the_services_keys_are_no_change(self) -> None:
        theirs = edit.add_class_label(parse_line(VEHICLE), "nut", NOW).raw
        listed = changed(theirs, "cl-metadata", to={"is-labeled": True})
        mine = edit.add_class_label(parse_line(VEHICLE), "bolt", NOW).raw
        assert same_value(merged(VEHICLE, mine, listed), merged(VEHICLE, mine, theirs))
        assert b"cl-metadata" not in merged(VEHICLE, mine, listed)


class TestKeys:
    @pytest.fixture(autouse=True)
    def _base(self) -> None:
        self.base = {"source-ref": "s3://b/k", "a": 1, "b": {"x": [1]}, "c": None}

    def test_each_key_is_taken_from_who_changed_it(self) -> None:
        mine = changed(without(self.base, "c"), "a", to=2)
        theirs = changed(changed(self.base, "b", "x", to=[2]), "d", to="new")
        expected = {"source-ref": "s3://b/k", "a": 2, "b": {"x": [2]}, "d": "new"}
        assert json.loads(merged(self.base, mine, theirs)) == expected
        assert json.loads(merged(self.base, theirs, mine)) == expected

    def test_what_both_changed_differently_is_a_conflict(self) -> None:
        (conflict,), mine, theirs = conflicts_of(
            self.base, changed(self.base, "a", to=True), changed(self.base, "a", to=2)
        )
        assert conflict == MergeConflict("/a", "The key a", 1, True, 2)
        assert json.loads(mine)["a"] is True
        assert json.loads(theirs)["a"] == 2

    def test_removed_here_and_changed_there(self) -> None:
        (conflict,), mine, theirs = conflicts_of(
            self.base, without(self.base, "a"), changed(self.base, "a", to=2)
        )
        assert (conflict.base, conflict.mine, conflict.theirs) == (1, None, 2)
        assert "a" not in json.loads(mine)
        assert json.loads(theirs)["a"] == 2

    def test_a_key_removed_by_both_is_gone(self) -> None:
        mine = changed(without(self.base, "a"), "d", to=1)
        theirs = changed(without(self.base, "a"), "e", to=1)
        assert "a" not in json.loads(merged(self.base, mine, theirs))

    def test_without_a_base_line_both_added_all(self) -> None:
        assert json.loads(merged(None, {"x": 1, "y": 1}, {"y": 1, "z": 1})) == {"x": 1, "y": 1, "z": 1}
        (conflict,), _, _ = conflicts_of(None, {"x/~": 1}, {"x/~": 2})
        assert (conflict.pointer, conflict.base) == ("/x~1~0", None)

    def test_text_stays_as_each_side_wrote_it(self) -> None:
        base = b'{"a" :1.0,  "n": 0.10, "z":1 }'
        mine = b'{"a":1.50,"n":0.1,"z":1,"\\u00fcber":"caf\\u00e9"}'
        theirs = b'{"a" :1.0,  "n": 0.10, "z":2e0 }'
        assert (
            merge(base, mine, theirs).line
            == b'{"a" :1.50,  "n": 0.10, "z":2e0,  "\\u00fcber" :"caf\\u00e9" }'
        )


class TestClassLabels:
    BASE = edit.add_class_label(edit.new_annotation("s3://b/k"), "rust", NOW)

    def test_each_label_is_one_thing(self) -> None:
        mine = edit.add_class_label(self.BASE, "bolt", NOW)
        theirs = edit.remove_class_label(edit.add_class_label(self.BASE, "nut", NOW), "rust")
        found = parse_line(merged(self.BASE, mine, theirs))
        assert [one.name for one in found.class_labels] == ["nut", "bolt"]
        assert check_line(found) == ()

    def test_a_label_changed_here_and_removed_there(self) -> None:
        mine = changed(self.BASE, "rust-metadata", "confidence", to=0.5)
        (conflict,), kept, removed = conflicts_of(self.BASE, mine, edit.remove_class_label(self.BASE, "rust"))
        assert (conflict.pointer, conflict.what, conflict.theirs) == ("/rust", "The class label rust", None)
        assert conflict.mine["value"] == 1
        assert conflict.mine["metadata"]["confidence"] == 0.5
        assert [one.name for one in parse_line(kept).class_labels] == ["rust"]
        assert parse_line(removed).class_labels == ()
        assert b"rust" not in removed

    def test_the_same_label_added_by_both_is_theirs(self) -> None:
        mine = edit.add_class_label(self.BASE, "bolt", LATER)
        theirs = edit.add_class_label(self.BASE, "bolt", NOW)
        assert merged(self.BASE, mine, theirs) == theirs.raw

    def test_also_under_another_name_and_of_another_job(self) -> None:
        mine = {"a": 1, "a-metadata": label("bolt", job="labeling-job/a", date="2024-01-01"), "m": 1}
        theirs = {"b": 1, "b-metadata": label("bolt", job="labeling-job/b"), "t": 1}
        assert json.loads(merged({}, mine, theirs)) == theirs | {"m": 1}
        assert json.loads(merged({}, theirs, mine)) == mine | {"t": 1}

    def test_the_same_label_with_another_confidence_is_a_conflict(self) -> None:
        first = {"a": 1, "a-metadata": label("bolt", confidence=0.25)}
        second = {"b": 1, "b-metadata": label("bolt")}
        (conflict,), mine, theirs = conflicts_of({}, first, second)
        assert (conflict.pointer, conflict.what) == ("/a", "The class label bolt")
        assert (json.loads(mine), json.loads(theirs)) == (first, second)

    def test_one_name_for_two_labels_is_a_conflict(self) -> None:
        first, second = ({"a": 1, "a-metadata": label(name)} for name in ("bolt", "nut"))
        (conflict,), mine, theirs = conflicts_of({}, first, second)
        assert (conflict.pointer, conflict.what) == ("/a", "The label attribute a")
        assert (json.loads(mine), json.loads(theirs)) == (first, second)

    def test_a_creation_date_alone_is_no_conflict(self) -> None:
        def dated(date: str, confidence: float = 1) -> dict[str, Any]:
            return {"a": 1, "a-metadata": label("bolt", confidence=confidence, date=date)}

        dateless = without(dated(""), "a-metadata", "creation-date")
        base, early, late = (dated(f"202{year}-01-01T00:00:00Z") for year in (0, 1, 2))
        assert merged(base, early, late) == merged(base, late, early) == raw(late)
        for lines in ((dateless, late), (late, dateless)):
            assert json.loads(merged(base, *lines)) == late
        content = dated("2021-01-01T00:00:00Z", confidence=0.5)
        unsaid = dated("2020-01-01T00:00:00Z", confidence=0.5)
        expected = json.loads(without(unsaid, "a-metadata", "creation-date"))
        assert json.loads(merged(base, unsaid, dateless)) == expected
        assert json.loads(merged(base, dateless, unsaid)) == expected
        assert json.loads(merged(base, content, late)) == dated("2022-01-01T00:00:00Z", confidence=0.5)
        assert json.loads(merged(base, late, content)) == dated("2022-01-01T00:00:00Z", confidence=0.5)
        assert json.loads(merged(base, early | {"x": 1}, {"source-ref": "s3://b/k"})) == {
            "source-ref": "s3://b/k",
            "x": 1,
        }

    @pytest.mark.parametrize(
        ("early", "late"),
        [
            ("2022-01-01T10:00:00+05:00", "2022-01-01T06:00:00Z"),
            ("2022-01-01T10:00:00.5", "2022-01-01T10:00:00.600Z"),
            ("2022-01-01", "2022-01-01T00:00:01Z"),
            ("a", "b"),
        ],
    )
    def test_dates_are_compared_as_moments(self, early: str, late: str) -> None:
        base, mine, theirs = (
            {"a": 1, "a-metadata": label("bolt", date=date)} for date in ("2020-01-01", early, late)
        )
        assert merged(base, mine, theirs) == merged(base, theirs, mine) == raw(theirs)

    def test_a_change_made_alike_is_theirs_with_its_date(self) -> None:
        mine = changed(changed(VEHICLE, "demo", to=4), "demo-metadata", "creation-date", to="2024-01-01")
        theirs = VEHICLE.replace(b'"demo": 3', b'"demo": 4')
        assert merged(VEHICLE, mine, theirs) == theirs


class TestBoxes:
    BASE = line_with_boxes(("crack", 0, 0), ("dent", 100, 0), ("crack", 200, 0))

    def test_different_boxes_are_changed_by_both(self) -> None:
        mine = edit.set_box_label(moved(self.BASE, 0, 5, 5), BB, [1], "hole")
        theirs = moved(self.BASE, 2, 205, 5)
        assert boxes_of(merged(self.BASE, mine, theirs)) == [
            ("crack", 5, 5),
            ("hole", 100, 0),
            ("crack", 205, 5),
        ]

    def test_one_box_changed_by_both(self) -> None:
        mine, theirs = moved(self.BASE, 1, 101, 0), moved(moved(self.BASE, 1, 102, 0), 0, 3, 3)
        (conflict,), first, second = conflicts_of(self.BASE, mine, theirs)
        assert (conflict.pointer, conflict.what) == (f"/{BB}/annotations/1", "Box 2 (dent)")
        frame = {"label": "dent", "top": 0, "width": 40, "height": 30, "confidence": 1}
        assert (conflict.base, conflict.mine, conflict.theirs) == (
            {**frame, "left": 100},
            {**frame, "left": 101},
            {**frame, "left": 102},
        )
        assert boxes_of(first) == [("crack", 3, 3), ("dent", 101, 0), ("crack", 200, 0)]
        assert boxes_of(second) == [("crack", 3, 3), ("dent", 102, 0), ("crack", 200, 0)]

    def test_one_box_changed_alike_by_both(self) -> None:
        mine, theirs = moved(moved(self.BASE, 1, 101, 0), 0, 3, 3), moved(self.BASE, 1, 101, 0)
        assert boxes_of(merged(self.BASE, mine, theirs)) == boxes_of(mine.raw)

    def test_a_box_moved_far_is_the_same_while_none_is_added_or_removed(self) -> None:
        mine, theirs = moved(self.BASE, 1, 400, 400), edit.set_box_label(self.BASE, BB, [1], "hole")
        (conflict,), first, second = conflicts_of(self.BASE, mine, theirs)
        assert (conflict.mine["left"], conflict.theirs["label"]) == (400, "hole")
        assert boxes_of(first)[1] == ("dent", 400, 400)
        assert boxes_of(second)[1] == ("hole", 100, 0)

    def test_removed_here_and_others_changed_there(self) -> None:
        mine = edit.remove_boxes(self.BASE, BB, [0])
        theirs = with_box(moved(self.BASE, 2, 205, 5), "dent", 300, 300)
        expected = [("dent", 100, 0), ("crack", 205, 5), ("dent", 300, 300)]
        assert boxes_of(merged(self.BASE, mine, theirs)) == expected
        assert boxes_of(merged(self.BASE, theirs, mine)) == expected

    def test_removed_and_added_on_one_side_changed_on_the_other(self) -> None:
        # The count stays, but each index means another box.
        mine = with_box(edit.remove_boxes(self.BASE, BB, [0]), "dent", 300, 300)
        theirs = moved(self.BASE, 2, 205, 5)
        assert boxes_of(merged(self.BASE, mine, theirs)) == [
            ("dent", 100, 0),
            ("crack", 205, 5),
            ("dent", 300, 300),
        ]

    def test_removed_by_mine_and_changed_by_theirs(self) -> None:
        mine, theirs = edit.remove_boxes(self.BASE, BB, [0, 1]), moved(self.BASE, 1, 105, 5)
        (conflict,), first, second = conflicts_of(self.BASE, mine, theirs)
        assert (conflict.pointer, conflict.what) == (f"/{BB}/annotations/1", "Box 2 (dent)")
        assert conflict.mine is None
        assert boxes_of(first) == [("crack", 200, 0)]
        assert boxes_of(second) == [("dent", 105, 5), ("crack", 200, 0)]

    def test_changed_by_mine_and_removed_by_theirs(self) -> None:
        mine, theirs = moved(self.BASE, 1, 105, 5), edit.remove_boxes(self.BASE, BB, [0, 1])
        (conflict,), first, second = conflicts_of(self.BASE, mine, theirs)
        assert (conflict.pointer, conflict.theirs) == (f"/{BB}/annotations/1", None)
        assert boxes_of(first) == [("crack", 200, 0), ("dent", 105, 5)]
        assert boxes_of(second) == [("crack", 200, 0)]
        assert check_line(parse_line(first)) == ()

    def test_a_box_with_another_label_is_known_by_its_frame(self) -> None:
        mine = edit.set_box_label(self.BASE, BB, [0], "dent")
        theirs = with_box(moved(self.BASE, 0, 5, 5), "dent", 300, 300)
        (conflict,), first, second = conflicts_of(self.BASE, mine, theirs)
        assert (conflict.mine["label"], conflict.theirs["left"]) == ("dent", 5)
        assert boxes_of(first)[0] == ("dent", 0, 0)
        assert boxes_of(second) == boxes_of(theirs.raw)

    def test_where_a_box_was_moved_the_greatest_overlap_tells_which(self) -> None:
        base = line_with_boxes(("crack", 0, 0), ("crack", 20, 0), ("dent", 22, 0))
        mine = edit.remove_boxes(moved(base, 1, 19, 0), BB, [0])  # over all three
        theirs = with_box(moved(edit.remove_boxes(base, BB, [0]), 1, 23, 0), "dent", 300, 300)
        expected = [("crack", 19, 0), ("dent", 23, 0), ("dent", 300, 300)]
        assert boxes_of(merged(base, mine, theirs)) == boxes_of(merged(base, theirs, mine)) == expected

    def test_a_moved_box_is_not_told_by_overlap_with_another_label(self) -> None:
        base = line_with_boxes(("crack", 0, 0), ("dent", 10, 0))
        mine = with_box(moved(moved(base, 0, 8, 0), 1, 2, 0), "nut", 300, 300)
        (conflict,), _, _ = conflicts_of(base, mine, moved(base, 0, 1, 0))
        assert [box["label"] for box in (conflict.base, conflict.mine, conflict.theirs)] == ["crack"] * 3
        assert [box["left"] for box in (conflict.base, conflict.mine, conflict.theirs)] == [0, 8, 1]

    def test_mine_keep_their_order_behind_theirs(self) -> None:
        mine = line_with_boxes(("new", 300, 0), ("crack", 205, 5), ("crack", 0, 0), ("hole", 100, 0))
        theirs = edit.remove_boxes(self.BASE, BB, [1, 2])
        conflicts, line, _ = conflicts_of(self.BASE, mine, theirs)
        assert [one.pointer[-1] for one in conflicts] == ["3", "1"]
        assert boxes_of(line) == [("crack", 0, 0), ("new", 300, 0), ("crack", 205, 5), ("hole", 100, 0)]

    def test_boxes_added_by_both(self) -> None:
        mine = with_box(with_box(self.BASE, "dent", 300, 0), "nut", 300, 100)
        theirs = with_box(with_box(self.BASE, "nut", 300, 100), "bolt", 300, 200)
        line = merged(self.BASE, mine, theirs)
        assert boxes_of(line)[3:] == [("nut", 300, 100), ("bolt", 300, 200), ("dent", 300, 0)]

    def test_a_box_added_by_both_that_says_something_else_is_a_conflict(self) -> None:
        mine = with_box(self.BASE, "dent", 300, 0)
        theirs = changed(mine, BB + "-metadata", "objects", 3, "confidence", to=0.5)
        (conflict,), first, second = conflicts_of(self.BASE, mine, theirs)
        assert (conflict.base, conflict.mine["confidence"], conflict.theirs["confidence"]) == (None, 1, 0.5)
        assert boxes_of(first) == boxes_of(second) == boxes_of(mine.raw)

    def test_an_id_that_means_two_labels_is_renumbered_for_mine(self) -> None:
        mine, theirs = with_box(self.BASE, "nut", 300, 100), with_box(self.BASE, "bolt", 300, 200)
        value = json.loads(merged(self.BASE, mine, theirs))
        assert value[BB + "-metadata"]["class-map"] == {"0": "crack", "1": "dent", "2": "bolt", "3": "nut"}
        assert boxes_of(present(raw(value)))[3:] == [("bolt", 300, 200), ("nut", 300, 100)]

    def test_both_added_the_attribute(self) -> None:
        mine, theirs = line_with_boxes(("nut", 0, 0)), line_with_boxes(("bolt", 0, 0), ("nut", 9, 9))
        line = merged(edit.new_annotation("s3://b/k.jpg"), mine, theirs)
        assert boxes_of(line) == [("bolt", 0, 0), ("nut", 9, 9), ("nut", 0, 0)]
        assert boxes_of(merged(None, mine, theirs)) == boxes_of(line)
        assert check_line(parse_line(line)) == ()

    def test_a_label_that_one_side_renamed(self) -> None:
        mine = rename_label(self.BASE, "crack", "fissure")
        theirs = with_box(moved(self.BASE, 1, 105, 5), "dent", 300, 300)
        line = merged(self.BASE, mine, theirs)
        assert boxes_of(line) == [
            ("fissure", 0, 0),
            ("dent", 105, 5),
            ("fissure", 200, 0),
            ("dent", 300, 300),
        ]
        assert check_line(parse_line(line)) == ()

    def test_a_label_goes_with_its_last_box(self) -> None:
        base = with_box(self.BASE, "hole", 300, 300)
        mine, theirs = edit.remove_boxes(base, BB, [0, 3]), edit.remove_boxes(base, BB, [2])
        value = json.loads(merged(base, mine, moved(theirs, 1, 105, 5)))
        assert value[BB + "-metadata"]["class-map"] == {"1": "dent"}
        assert boxes_of(present(raw(value))) == [("dent", 105, 5)]

    def test_a_label_of_a_lost_conflict_is_not_declared(self) -> None:
        mine, theirs = edit.set_box_label(self.BASE, BB, [1], "hole"), moved(self.BASE, 1, 101, 0)
        _, first, second = conflicts_of(self.BASE, mine, theirs)
        assert second == theirs.raw
        assert json.loads(first) == json.loads(mine.raw)
        _, first, second = conflicts_of(self.BASE, theirs, mine)
        assert second == mine.raw
        assert boxes_of(first) == boxes_of(theirs.raw)
        assert b"hole" not in first

    def test_labels_that_are_declared_without_a_box(self) -> None:
        def declaring(annotation: Annotation, *labels: str) -> bytes:
            class_map = dict(enumerate(labels))
            return changed(annotation, BB + "-metadata", "class-map", to=class_map)

        base = declaring(self.BASE, "crack", "dent", "old", "older", "oldest")
        mine = declaring(moved(self.BASE, 0, 3, 3), "crack", "dent", "older", "oldest", "mine")
        theirs = declaring(moved(self.BASE, 2, 205, 5), "crack", "dent", "old", "oldest", "theirs")
        value = json.loads(merged(base, mine, theirs))
        declared = ["crack", "dent", "mine", "oldest", "theirs"]
        assert sorted(value[BB + "-metadata"]["class-map"].values()) == declared
        mine = declaring(edit.remove_boxes(self.BASE, BB, [1]), "crack", "dent")
        value = json.loads(merged(self.BASE, mine, moved(self.BASE, 0, 3, 3)))
        assert value[BB + "-metadata"]["class-map"] == {"0": "crack", "1": "dent"}

    def test_confidences_stay_with_their_boxes(self) -> None:
        base = changed(self.BASE, BB + "-metadata", "objects", to=[{"confidence": n / 10} for n in range(3)])
        mine = edit.remove_boxes(parse_line(base), BB, [0])
        theirs = with_box(parse_line(base), "dent", 300, 300)
        for line in (merged(base, mine, theirs), merged(base, theirs, mine)):
            found = parse_line(line).box_attributes[0].boxes
            assert [box.confidence for box in found] == [0.1, 0.2, 1]

    def test_a_confidence_that_is_missing_takes_no_others_place(self) -> None:
        base = changed(self.BASE, BB + "-metadata", "objects", to=[{"confidence": 0.5}])
        mine = edit.add_class_label(moved(parse_line(base), 2, 205, 5), "wet", NOW)
        theirs = with_box(parse_line(base), "dent", 300, 300)
        for line in (merged(base, mine, theirs), merged(base, theirs, mine)):
            found = parse_line(line).box_attributes[0].boxes
            assert [box.confidence for box in found] == [0.5, None, None, 1]

    def test_unknown_keys_and_the_text_of_boxes_stay(self) -> None:
        base = (
            b'{"bb": {"annotations":[{"class_id": 0 ,"left":95.39999999999998,"top":1.0,"width":1e2,'
            b'"height":20,"by":"me"},{"left":1,"top":2,"width":3,"height":4,"class_id":0}], "extra":[1.0]},'
            b'"bb-metadata":{"objects":[{"confidence":0.90,"x":1},{"confidence":1}],"class-map":{"0":"d\\u006fg"},'
            b'"type":"groundtruth/object-detection","creation-date":"2020-10-16"}}'
        )
        mine = base.replace(b'"by":"me"', b'"by" : "y\\u006fu"')
        theirs = base.replace(b'"left":1,', b'"left":1.50,').replace(b"[1.0]", b"[ 2 ]")
        expected = mine.replace(b'"left":1,', b'"left":1.50,').replace(b"[1.0]", b"[ 2 ]")
        assert merged(base, mine, theirs) == merged(base, theirs, mine) == expected

    def test_image_size_and_other_keys_are_things_of_their_own(self) -> None:
        mine = changed(self.BASE, BB, "image_size", 0, "width", to=641)
        theirs = changed(moved(self.BASE, 0, 3, 3), BB + "-metadata", "human-annotated", to="no")
        value = json.loads(merged(self.BASE, mine, theirs))
        assert value[BB]["image_size"][0]["width"] == 641
        assert value[BB + "-metadata"]["human-annotated"] == "no"
        other = changed(theirs, BB, "image_size", 0, "width", to=642)
        (conflict,), first, second = conflicts_of(self.BASE, mine, other)
        assert (conflict.pointer, conflict.what) == (f"/{BB}/image_size", f"The image_size of {BB}")
        assert [json.loads(line)[BB]["image_size"][0]["width"] for line in (first, second)] == [641, 642]

    def test_where_an_attribute_comes_from_is_theirs_if_both_added_it(self) -> None:
        theirs = with_box(self.BASE, "dent", 300, 300)
        mine = changed(self.BASE, BB + "-metadata", "job-name", to="labeling-job/mine")
        mine = changed(mine, BB + "-metadata", "creation-date", to="2030-01-01T00:00:00Z")
        value = json.loads(merged(None, mine, theirs))
        assert value[BB + "-metadata"]["job-name"] == f"labeling-job/{BB}"
        assert value[BB + "-metadata"]["creation-date"] == "2030-01-01T00:00:00Z"
        both = changed(theirs, BB + "-metadata", "job-name", to="labeling-job/theirs")
        (conflict,), _, _ = conflicts_of(self.BASE, mine, both)
        assert conflict.pointer == f"/{BB}-metadata/job-name"

    @pytest.mark.parametrize(
        ("path", "odd"),
        [
            ((BB, "annotations"), None),
            ((BB, "annotations", 0), 1),
            ((BB, "annotations", 0, "class_id"), 77),
            ((BB, "annotations", 0, "class_id"), True),
            ((BB, "annotations", 0, "left"), "1"),
            ((BB, "annotations", 0, "left"), 1e300),
            ((BB + "-metadata", "class-map"), {"-1": "dent"}),
            ((BB + "-metadata", "class-map"), {"0": 1, "1": "dent"}),
            ((BB + "-metadata", "class-map"), []),
            ((BB + "-metadata", "objects"), [{}] * 4),
            ((BB + "-metadata", "objects"), [1, 2, 3]),
            ((BB + "-metadata", "type"), CLASS_TYPE),
            ((BB + "-metadata",), None),
            ((BB,), 5),
        ],
    )
    def test_boxes_that_cannot_be_told_apart_are_one_thing(self, path: tuple[Any, ...], odd: Any) -> None:
        mine, theirs = changed(self.BASE, *path, to=odd), moved(self.BASE, 2, 205, 5)
        (conflict,), first, second = conflicts_of(self.BASE, mine, theirs)
        assert (conflict.pointer, conflict.what) == (f"/{BB}", f"The label attribute {BB}")
        assert json.loads(first) == json.loads(mine)
        assert second == theirs.raw
        assert json.loads(merged(self.BASE, mine, changed(self.BASE, "x", to=1))) == json.loads(mine) | {
            "x": 1
        }

    def test_a_repeated_key_in_a_box_makes_the_attribute_one_thing(self) -> None:
        mine = self.BASE.raw.replace(b'{"left":0,', b'{"left":7,"left":0,')
        theirs = edit.add_class_label(moved(self.BASE, 2, 205, 5), "wet", NOW).raw
        mine = edit.add_class_label(moved(parse_line(mine), 1, 105, 5), "bent", NOW).raw
        (conflict,), first, second = conflicts_of(self.BASE, mine, theirs)
        assert conflict.pointer == f"/{BB}"
        assert b'"left":7,"left":0' in first
        assert b'"left":7' not in second
        assert all(b"wet" in line and b"bent" in line for line in (first, second))

    def test_an_attribute_removed_here_and_changed_there(self) -> None:
        mine = without(without(self.BASE, BB), BB + "-metadata")
        (conflict,), first, second = conflicts_of(self.BASE, mine, moved(self.BASE, 0, 3, 3))
        assert (conflict.pointer, conflict.mine) == (f"/{BB}", None)
        assert boxes_of(first) == []
        assert boxes_of(second)[0] == ("crack", 3, 3)

    def test_two_attributes_of_boxes_are_both_kept(self) -> None:
        mine = edit.add_box(self.BASE, "mine_BB", Box("nut", 0, 0, 9, 9), SIZE, NOW)
        theirs = edit.add_box(self.BASE, "theirs_BB", Box("nut", 0, 0, 9, 9), SIZE, NOW)
        found = parse_line(merged(self.BASE, mine, theirs)).box_attributes
        assert [one.name for one in found] == [BB, "theirs_BB", "mine_BB"]

    def test_tiny_and_far_boxes(self) -> None:
        def line(*frames: tuple[Any, ...]) -> dict[str, Any]:
            boxes = [
                dict(zip(("left", "top", "width", "height"), one, strict=True), class_id=0) for one in frames
            ]
            return {
                "bb": {"annotations": boxes},
                "bb-metadata": {"type": "groundtruth/object-detection", "class-map": {"0": "x"}},
            }

        base = line((1e14, 1e14, 1e-3, 1e-3), (0, 0, 1e-200, 1e-200), (9, 9, 1, 1))
        mine = line((1e14, 1e14, 2e-3, 2e-3), (0, 0, 2e-200, 2e-200), (9, 9, 1, 1), (5, 5, 0, -1))
        theirs = line((1e14, 1e14, 1e-3, 1e-3), (0, 0, 1e-200, 1e-200))
        found = json.loads(merged(base, mine, theirs))["bb"]["annotations"]
        assert sorted(box["width"] for box in found) == [0, 2e-200, 2e-3]
        # Where pixels are this far apart, the edges round to more than the width.
        base, mine, theirs = (
            line((1e14, 1e14, width, 9e-3), *((9, 9, 1, 1),) * more)
            for width, more in ((9.0e-3, 1), (9.1e-3, 0), (9.2e-3, 0))
        )
        (conflict,), _, _ = conflicts_of(base, mine, theirs)
        assert (conflict.mine["width"], conflict.theirs["width"]) == (9.1e-3, 9.2e-3)


# Properties

class_names = st.sampled_from(["bolt", "nut", "größe 大", "bolt-2"])
box_labels = st.sampled_from(["crack", "dent", "größe 大"])
places = st.integers(0, 12).map(lambda n: 20 * n)
moments = st.sampled_from([NOW, LATER])


def step(draw: Callable[..., Any], annotation: Annotation, odd: int = 0) -> Annotation | None:
    """One gesture; frames begin at even or odd numbers."""
    attributes = annotation.box_attributes
    count = len(attributes[0].boxes) if attributes else 0
    kind = draw(st.integers(0, 5 if count else 1))
    name, left, top, now = draw(class_names), draw(places) + odd, draw(places), draw(moments)
    index = draw(st.integers(0, max(0, count - 1)))
    match kind:
        case 0:
            held = {one.name: one.attribute for one in annotation.class_labels}
            if name in held:
                return edit.remove_class_label(annotation, held[name])
            return edit.add_class_label(annotation, name, now)
        case 1 | 2:
            return edit.add_box(annotation, BB, Box(draw(box_labels), left, top, 30, 30), SIZE, now)
        case 3:
            return moved(annotation, index, left, top)
        case 4:
            return edit.set_box_label(annotation, BB, [index], draw(box_labels))
    return edit.remove_boxes(annotation, BB, [index])


def walked(draw: Callable[..., Any], annotation: Annotation, most: int, odd: int = 0) -> Annotation | None:
    for _ in range(draw(st.integers(0, most))):
        annotation = step(draw, annotation, odd)  # type: ignore[assignment]
    return annotation


@st.composite
def three_versions(draw: Callable[..., Any]) -> tuple[Any, ...] | None:
    """A base line, now and then none, and two that people made from it by gestures."""
    base = walked(draw, edit.new_annotation("s3://b/k"), 6)
    mine, theirs = walked(draw, present(base), 4), walked(draw, present(base), 4)
    return draw(st.sampled_from([present(base).raw, present(base).raw, None])), mine.raw, theirs.raw  # type: ignore[union-attr]


odd_values = st.sampled_from(  # type: ignore[var-annotated]
    [None, True, 0, 1.0, 10**400, "", "x", [], [1], {}, {"a": 1}, [{}], "2022-01-01"]
)


def spots(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from spots(value[key], (*path, key))


@st.composite
def odd_versions(draw: Callable[..., Any]) -> tuple[Any, ...] | None:
    """Three lines of which any may be malformed in places, or not JSON at all."""
    lines = []
    for line in draw(three_versions()):
        value = json.loads(line or b"{}")
        for _ in range(draw(st.integers(0, 2))):
            path = draw(st.sampled_from([*spots(value), ("new",)]))
            holder = value
            for key in path[:-1]:
                holder = holder[key]
            if draw(st.booleans()) or path == ("new",):
                holder[path[-1]] = deepcopy(draw(odd_values))
            else:
                del holder[path[-1]]
        text = json.dumps(value).encode()
        cut = draw(st.sampled_from([b"", b"", b"", b'{"left"', b'"bolt"', b"}"]))
        if cut:  # a repeated key, or no JSON
            text = text.replace(cut, cut + b': 1, "left"' if cut.startswith(b"{") else cut * 2, 1)
        lines.append(text)
    return tuple(lines)


any_versions = st.one_of(
    three_versions(), odd_versions(), st.tuples(st.none() | st.binary(), st.binary(), st.binary())
)


def meaning(line: bytes) -> tuple[Any, ...]:
    """What a line says: class labels, boxes, declared labels, and the keys beside them."""
    found = parse_line(line)
    boxes = sorted((box.label, box.left, box.top, box.width, box.height) for box in found_boxes(found))
    declared = {name for one in found.box_attributes for name in one.class_map.values()}
    names = {one.attribute for one in found.class_labels} | {one.name for one in found.box_attributes}
    keys = {key for key in found.members if key.removesuffix("-metadata") not in names}
    return sorted((one.name, one.confidence) for one in found.class_labels), boxes, declared, keys


def found_boxes(annotation: Annotation) -> list[Any] | list[Box]:
    return [box for attribute in annotation.box_attributes for box in attribute.boxes]


@given(any_versions)
def test_a_side_without_changes_gives_way(versions: tuple[Any, ...]) -> None:
    base, mine, theirs = versions
    for line in (mine, theirs):
        other = theirs if base is None else base
        assert merge(other, line, other).line == line
        assert merge(other, other, line).line == line
        result = merge(base, line, line)
        assert (result.line, result.conflicts) == (line, ())


@given(any_versions)
def test_any_three_lines_can_be_merged(versions: tuple[Any, ...]) -> None:
    _, mine, theirs = versions
    first, second = (merge(*versions, prefer=side) for side in Side)
    assert first.conflicts == second.conflicts
    for conflict in first.conflicts:
        if conflict.mine is not None or conflict.theirs is not None:  # null looks as what is not there
            assert raw({"": conflict.mine}) != raw({"": conflict.theirs})
    for line in (first.line, second.line):
        assert b"\n" not in line or b"\n" in mine + theirs
        if line not in (mine, theirs):
            json.loads(line)
    assert merge(theirs, second.line, theirs, prefer=Side.THEIRS).conflicts == ()
    # What is decided once is no conflict again.
    again = merge(theirs, first.line, theirs)
    assert (again.line, again.conflicts) == (first.line, ())


@given(three_versions())
def test_a_merge_does_not_depend_on_whose_it_is(versions: tuple[Any, ...]) -> None:
    base, mine, theirs = versions
    there, back = merge(base, mine, theirs), merge(base, theirs, mine)
    assert len(there.conflicts) == len(back.conflicts)
    if not there.conflicts:
        assert meaning(there.line) == meaning(back.line)


@given(three_versions())
def test_a_merge_of_good_lines_is_a_good_line(versions: tuple[Any, ...]) -> None:
    # Each may have removed boxes or labels, and both together the last one.
    before = {"WARNING_NO_ANNOTATIONS", "WARNING_NO_ATTRIBUTE_ANNOTATIONS", "WARNING_UNANNOTATED_RECORD"}
    before |= {f.code for line in versions if line for f in check_line(parse_line(line))}
    for side in Side:
        found = check_line(parse_line(merge(*versions, prefer=side).line))
        assert {f.code for f in found} <= before


def edited(
    draw: Callable[..., Any], annotation: Annotation, indices: set[Any] | set[int], odd: int
) -> tuple[Any, ...] | None:
    """Change or remove these boxes; gives the annotation and the boxes that stand for them."""
    removed = []
    for index in indices:
        match draw(st.integers(0, 2)):
            case 0:
                annotation = moved(annotation, index, draw(places) + odd, draw(places))
            case 1:
                annotation = edit.set_box_label(annotation, BB, [index], draw(box_labels))
            case _:
                removed.append(index)
    kept = [box for index, box in enumerate(found_boxes(annotation)) if index not in removed]
    instead = [b for i, b in enumerate(found_boxes(annotation)) if i in indices and i not in removed]
    annotation = edit.remove_boxes(annotation, BB, removed)
    assert len(found_boxes(annotation)) == len(kept)
    return annotation, instead


@st.composite
def disjoint_edits(draw: Callable[..., Any]) -> tuple[Any, ...] | None:
    """A base line, two that changed different things of it, and the boxes that there must be then."""
    spots = draw(st.lists(st.tuples(places, places), min_size=1, max_size=6, unique=True))
    base = line_with_boxes(*((draw(box_labels), *spot) for spot in spots))
    owners = draw(st.lists(st.sampled_from("mtn"), min_size=len(spots), max_size=len(spots)))
    versions, expected = [], [b for b, owner in zip(found_boxes(base), owners, strict=True) if owner == "n"]
    for odd, owner in ((3, "m"), (7, "t")):
        indices = {index for index, one in enumerate(owners) if one == owner}
        version, boxes = edited(draw, base, indices, odd)  # type: ignore[misc]
        for spot in draw(st.lists(st.tuples(places, places), max_size=3, unique=True)):
            # Higher than any other, so that none is the other side's.
            version = with_box(version, draw(box_labels), spot[0] + odd, spot[1], height=50 + odd)
            boxes.append(found_boxes(version)[-1])
        version = edit.add_class_label(version, f"by {owner}", NOW)
        versions.append(version)
        expected += boxes
    return base, *versions, sorted((box.label, box.left, box.top, box.height) for box in expected)


@given(disjoint_edits())
def test_changes_of_different_things_are_all_kept(case: tuple[Any, ...]) -> None:
    base, mine, theirs, expected = case
    result = merge(base.raw, mine.raw, theirs.raw)
    found = parse_line(result.line)
    assert result.conflicts == ()
    assert sorted((box.label, box.left, box.top, box.height) for box in found_boxes(found)) == expected
    assert {one.name for one in found.class_labels} == {"by m", "by t"}
    assert {box.confidence for box in found_boxes(found)} <= {1}
