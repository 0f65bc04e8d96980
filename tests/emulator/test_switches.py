"""Switches are read from texts, and a wrong one is told with all that would be right."""

from __future__ import annotations

from dataclasses import fields

import pytest

from truthline.emulator import Switches
from truthline.emulator.switches import allowed_values


def test_switches_are_parsed_by_their_kinds() -> None:
    switches = Switches.parse(
        [
            "update_existing=merge",
            "update_seconds=0.5",
            "throttle_rates=ListDatasetEntries:5,CreateProject:0.5",
        ]
    )
    assert switches.update_existing == "merge"
    assert switches.update_seconds == 0.5
    assert switches.throttle_rates == {"ListDatasetEntries": 5.0, "CreateProject": 0.5}
    assert Switches.parse([]) == Switches()


def test_every_value_that_is_told_is_taken() -> None:
    for name, choices in allowed_values().items():
        for choice in choices if isinstance(choices, tuple) else ():
            assert getattr(Switches.parse([f"{name}={choice}"]), name) == choice


def test_the_first_value_told_is_the_default() -> None:
    for switch in fields(Switches):
        choices = allowed_values()[switch.name]
        assert not isinstance(choices, tuple) or choices[0] == switch.default


@pytest.mark.parametrize("setting", ["nonsense=1", "update_existing", "=", ""])
def test_an_unknown_switch_is_answered_with_all_of_them(setting: str) -> None:
    with pytest.raises(ValueError, match="sets no switch") as caught:
        Switches.parse([setting])
    for name in allowed_values():
        assert name in str(caught.value)
    assert "replace|merge" in str(caught.value)


@pytest.mark.parametrize(
    "setting",
    [
        "listing=pretty",
        "update_seconds=soon",
        "update_seconds=-1",
        "failing_share=nan",
        "create_seconds=inf",
        "throttle_rates=ListDatasetEntries",
        "throttle_rates=ListDatasetEntries:0",
    ],
)
def test_a_wrong_value_is_answered_with_the_right_ones(setting: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be .* It takes: "):
        Switches.parse([setting])
