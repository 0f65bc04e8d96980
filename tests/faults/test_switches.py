"""What nobody documents: however the service behaves, the dataset ends up the same."""

from __future__ import annotations

import json
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from truthline.emulator import Switches
from truthline.emulator.switches import allowed_values
from truthline.manifest.line import same_value
from truthline.sync.pull.pull import pull
from truthline.sync.push.push import push
from truthline.workspace.workspace import EntryId, NewEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.conftest import Team
    from truthline.emulator.service import Emulator

NUMBERS: dict[str, list[Any]] = {
    "stale_status_seconds": [0.0, 10.0],
    "update_seconds": [2.0, 0.0, 1_200.0],
    "create_seconds": [1.0, 0.0, 600.0],
    "failing_share": [0.2, 0.0],
    "throttle_rates": [
        {},
        {"UpdateDatasetEntries": 0.05, "ListDatasetEntries": 0.5, "DescribeDataset": 2.0},
    ],
}
NOT_OF_A_PUSH = {"delete_seconds"}


def values() -> dict[str, list[Any]]:
    """Every switch that a push could meet, with its values: all of them where they can be counted."""
    return {
        name: list(choices) if isinstance(choices, tuple) else NUMBERS[name]
        for name, choices in allowed_values().items()
        if name not in NOT_OF_A_PUSH
    }


def pairwise(switches: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Settings in which every two values of two switches come together at least once."""
    indexed = {name: range(len(choices)) for name, choices in switches.items()}
    left = {
        frozenset([(one, i), (other, k)])
        for one, other in combinations(switches, 2)
        for i, k in product(indexed[one], indexed[other])
    }
    found = []
    while left:
        setting = dict(min(left, key=sorted))
        for name in switches:
            if name not in setting:
                new = {i: {frozenset([(name, i), one]) for one in setting.items()} for i in indexed[name]}
                setting[name] = max(new, key=lambda i: len(new[i] & left))
        left -= {frozenset(pair) for pair in combinations(setting.items(), 2)}
        found.append({name: switches[name][setting[name]] for name in switches})
    return found


SETTINGS = pairwise(values())


def test_every_two_values_come_together() -> None:
    met = {
        (one, repr(setting[one]), other, repr(setting[other]))
        for setting in SETTINGS
        for one, other in product(setting, setting)
    }
    for (one, ones), (other, others) in combinations(values().items(), 2):
        assert {(one, repr(i), other, repr(k)) for i, k in product(ones, others)} <= met


@pytest.fixture
def images_in_s3(emulator: Emulator) -> None:
    """Some behaviours look whether the images can be read."""
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=emulator.endpoint_url)
    client.create_bucket(Bucket="leaves")
    for number in range(14):
        client.put_object(Bucket="leaves", Key=f"{number:04}.png", Body=b"\x89PNG\r\n\x1a\n")
    client.close()


@pytest.fixture
def boxes() -> bytes:
    """A line whose numbers the service may write in another way."""
    line = {
        "source-ref": "s3://leaves/0011.png",
        "bb": {
            "image_size": [{"width": 640.0, "height": 480, "depth": 3}],
            "annotations": [{"class_id": 0, "left": 10.0, "top": 4.5, "width": 20.0, "height": 31}],
        },
        "bb-metadata": {
            "objects": [{"confidence": 1.0}],
            "class-map": {"0": "acorn"},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2024-05-14T09:12:37.137Z",
        },
    }
    return json.dumps(line).encode()


@pytest.mark.parametrize("switches", [Switches(**setting) for setting in SETTINGS], ids=str)
def test_every_two_behaviours_together_end_in_the_same_dataset(
    team: Team,
    labelled: Callable[..., Any],
    two_labels: Callable[..., Any],
    boxes: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three batches, while somebody else's update of another entry is running, and a pull after them."""
    monkeypatch.setattr("truthline.sync.push.plan.BATCH_BYTES", 1_000)
    ids = list(team.workspace.ids())
    # Only additions, so that a service which merges keys ends up with the same.
    team.workspace.save_many({EntryId(ids[n]): two_labels(n) for n in range(4)})
    twice = [NewEntry(labelled(12, "elm")), NewEntry(labelled(12, "ash"))]
    team.workspace.append([NewEntry(labelled(10)), NewEntry(boxes), *twice])
    team.aws.rekognition.update_entries(team.arn, two_labels(5, "theirs") + b"\n")

    result = push(team.workspace, team.aws, cancel=team.token())
    assert result.error is None
    assert [remark.code for remark in result.refused] == ["TRUTHLINE_REPEATED_SOURCE_REF"]
    told = result.dropped, result.stored_differently, result.conflicts, result.remote_errors
    assert told == ((), (), (), ())
    assert result.pushed == 7
    assert result.batches >= 3
    sent = team.sent()
    assert len(sent) == len(set(sent)) == 8

    expected = {
        **{n: two_labels(n) for n in range(4)},
        **{n: labelled(n) for n in (4, *range(6, 11))},
        5: two_labels(5, "theirs"),
        11: boxes,
        12: labelled(12, "ash"),
    }
    held = team.held()
    assert held.keys() == {f"s3://leaves/{n:04}.png" for n in expected}
    for number, line in expected.items():
        assert same_value(held[f"s3://leaves/{number:04}.png"], line)

    team.settle()
    pulled = pull(team.workspace, team.aws, cancel=team.token())
    assert (pulled.changed, pulled.added, pulled.conflicts, pulled.complete) == (1, 0, 0, True)
    last = team.workspace.ids()[-2]  # the first of the two lines of one entry, which is not the dataset's
    team.workspace.remove([EntryId(last)])
    team.settle()
    team.assert_equal()


@pytest.mark.parametrize(
    "switches",
    [
        Switches(update_existing="merge", listing=listing, stale_status_seconds=stale)  # type: ignore[arg-type]
        for listing in allowed_values()["listing"]
        for stale in (0.0, 10.0)
    ],
    ids=str,
)
def test_what_a_service_kept_of_a_replaced_line_is_told(
    team: Team, labelled: Callable[..., Any], two_labels: Callable[..., Any]
) -> None:
    """The dataset cannot be made to hold such a line, so each push says so, and what was sent is kept."""
    ids = list(team.workspace.ids())
    team.workspace.save_many({EntryId(ids[0]): labelled(0, "ash"), EntryId(ids[1]): two_labels(1)})
    result = push(team.workspace, team.aws, cancel=team.token())
    assert result.error is None
    assert (result.pushed, result.dropped) == (1, ())
    assert [(one.code, one.line) for one in result.stored_differently] == [
        ("TRUTHLINE_STORED_DIFFERENTLY", 1)
    ]
    assert not result.flawless
    assert team.workspace.entry(EntryId(ids[0])).line == labelled(0, "ash")
    held = team.held()["s3://leaves/0000.png"]
    assert json.loads(held).keys() > json.loads(labelled(0, "ash")).keys()
    team.settle()
    # Pulled, it is seen; nothing is lost on either side.
    assert pull(team.workspace, team.aws, cancel=team.token()).error is None
    assert b'"ash"' in team.workspace.entry(EntryId(ids[0])).line
