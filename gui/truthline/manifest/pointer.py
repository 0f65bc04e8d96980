"""JSON Pointers (RFC 6901)."""

from __future__ import annotations


def pointer_to(*steps: str | int) -> str:
    """Spell the pointer to a place; "" for the whole document."""
    text = "/".join(map(str, steps))
    if "~" not in text and text.count("/") < len(steps):  # as good as always, and three times as fast
        return f"/{text}"
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def steps_of(pointer: str) -> list[str]:
    """Read a pointer back into the keys and indices that it leads through."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def box_at(pointer: str) -> tuple[str, int] | None:
    """The label attribute and index of the box that a pointer leads to or into, None if it leads to none."""
    steps = steps_of(pointer)
    if len(steps) >= 3 and steps[1] == "annotations" and steps[2].isdigit():
        return steps[0], int(steps[2])
    return None
