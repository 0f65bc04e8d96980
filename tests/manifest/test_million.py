"""A million lines, generated and mutated, none of which may crash the parser, the rules or the summary.

Plain random numbers, since a library for property tests takes milliseconds a line. A seed that fails is the
one to look at.
"""

from __future__ import annotations

import json
import random
from random import Random
from typing import Any

import pytest

from truthline.manifest.annotation import Annotation, ImageFacts
from truthline.manifest.check.codes.table import CODES
from truthline.manifest.check.decoded import DecodedLine, decode_line
from truthline.manifest.check.readiness import Summary, check_datasets
from truthline.manifest.check.rules import RULES, check_decoded, check_line
from truthline.manifest.line import format_line, parse_line, remote_errors, same_value, strip_service_keys

NOISE = [
    *(
        b"",
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\\",
        b"\xff",
        b"\xc3",
        b"1e999",
        b"NaN",
        b"-",
        b"null",
    ),
    *(
        b"\\ud800",
        b"[" * 2000,
        b"9" * 400,
        b"0.1e-400",
        b"true",
        b'"cl-errors":[{"code":1}],',
        b"\x00",
        b"\xe2\x80\x8b",
    ),
]
VALUES = [  # type: ignore[var-annotated]
    None,
    True,
    0,
    -1,
    1.5,
    2.0,
    10**15,
    10**30,
    "",
    "yes",
    "0",
    "x" * 300,
    [],
    [1],
    {},
    {"0": "dog"},
    [{}],
]
FACTS = [
    None,
    None,
    ImageFacts(640, 480, "PNG", 9),
    ImageFacts(0, 0, "", 9),
    ImageFacts(9, 9000, "GIF", 10**9),
]


def class_pair(rnd: Random) -> tuple[Any, ...]:
    return rnd.choice([0, 1, 7]), {
        "class-name": rnd.choice(["dog", "größe", "x" * 255]),
        "confidence": rnd.choice([0, 0.5, 1]),
        "type": "groundtruth/image-classification",
        "human-annotated": "yes",
        "creation-date": "2021-07-11T03:33:42.025Z",
    }


def box_pair(rnd: Random) -> tuple[Any, ...]:
    count = rnd.choice([0, 1, 2, 3, 9, 51])
    ids = [rnd.randrange(3) for _ in range(count)]
    boxes = [
        {"class_id": one, "left": rnd.randint(0, 600), "top": rnd.random() * 400, "width": 40, "height": 80}
        for one in ids
    ]
    return {"annotations": boxes, "image_size": [{"width": 640, "height": 480, "depth": 3}]}, {
        "objects": [{"confidence": 1}] * count,
        "class-map": {str(one): "abc"[one] for one in sorted(set(ids))},
        "type": rnd.choice(["groundtruth/object-detection"] * 9 + ["groundtruth/text-span"]),
        "human-annotated": rnd.choice(["yes", "no"]),
        "creation-date": "2021-07-11T03:33:42.025Z",
    }


def bend(rnd: Random, holder: Any) -> None:
    """Replace, remove or add at a place somewhere below."""
    while True:
        key = rnd.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        below = holder[key]
        if isinstance(below, dict | list) and below and rnd.random() < 0.8:
            holder = below
            continue
        how = rnd.randrange(3)
        if how == 0:
            del holder[key]
        elif how == 1 or isinstance(holder, list):
            holder[key] = rnd.choice(VALUES)
        else:
            holder[rnd.choice(["x", "01", "-0", "errors", "cl-errors"])] = rnd.choice(VALUES)
        return


def draw(rnd: Random) -> bytes:
    line = {"source-ref": f"s3://{rnd.choice('ab')}/{rnd.randrange(1000)}.jpg"}
    for name in rnd.sample(["dog", "bb", "a/b~", "größe", "cl-x", "cl"], rnd.choice([0, 1, 1, 2, 3])):
        line[name], line[f"{name}-metadata"] = rnd.choice([class_pair, box_pair])(rnd)
    for _ in range(rnd.choice([0, 0, 1, 2])):
        if line:
            bend(rnd, line)
    raw = json.dumps(line, ensure_ascii=rnd.random() < 0.5).encode()
    for _ in range(rnd.choice([0, 0, 1, 3])):
        start = rnd.randint(0, len(raw))
        raw = raw[:start] + rnd.choice(NOISE) + raw[start + rnd.randint(0, 8) :]
    return raw


OF_RULES = {rule.code for rule in RULES}


def places(findings: tuple[Any, ...]) -> list[Any] | list[tuple[Any, ...]]:
    return [(finding.code, finding.pointer) for finding in findings]


def assert_every_rule_was_asked(
    line: DecodedLine, facts: ImageFacts | None, annotation: Annotation, findings: tuple[Any, ...]
) -> None:
    """What rules are about saves time, and hides nothing."""
    asked = [(rule.code, one) for rule in RULES if rule.check for one, _ in rule.check(line, facts)]
    assert asked == places(findings)[len(annotation.findings) :]


def assert_sound(raw: bytes, facts: ImageFacts | None, number: int, summary: Summary) -> None:
    annotation = parse_line(raw)
    assert format_line(annotation) == raw
    findings = check_line(annotation, facts)
    assert {finding.code for finding in findings} <= OF_RULES
    ref, told = summary.add_line(number, raw, facts)
    # Not the messages: how deep is too deep depends on how deep the caller is.
    assert (ref, places(told)) == (annotation.source_ref, places(findings))
    line = decode_line(raw)
    assert places(check_decoded(line, facts)) == places(findings)
    assert_every_rule_was_asked(line, facts, annotation, findings)
    assert same_value(strip_service_keys(raw), raw)
    remote_errors(raw)


def check_lines(seed: int, count: int) -> None:
    rnd = random.Random(seed)  # noqa: S311
    summary = Summary()
    for number in range(count):
        assert_sound(draw(rnd), rnd.choice(FACTS), number, summary)
    assert all(finding.code in CODES for finding in check_datasets(summary, summary))


def test_a_thousand_lines_crash_nothing() -> None:
    check_lines(0, 1_000)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(1, 11))
def test_a_million_lines_crash_nothing(seed: int) -> None:
    check_lines(seed, 100_000)
