"""The policy: least privilege, with its resources filled in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from truthline.aws.policy import policy
from truthline.errors import UsageError

TRAIN = "arn:aws:rekognition:eu-central-1:123456789012:project/pond/dataset/train/1700000000000"
README = Path(__file__).parents[2] / "README.md"


def resources(text: str) -> dict[str, str]:
    return {
        action: statement["Resource"]
        for statement in json.loads(text)["Statement"]
        for action in statement["Action"]
    }


def test_resources_are_filled_in() -> None:
    found = resources(policy(TRAIN, "frogs"))
    owner = "arn:aws:rekognition:eu-central-1:123456789012:project"
    assert found["rekognition:UpdateDatasetEntries"] == f"{owner}/pond/dataset/*"
    assert found["rekognition:DescribeProjectVersions"] == f"{owner}/pond/*"
    assert found["rekognition:DeleteProject"] == f"{owner}/pond/*"
    assert found["rekognition:CreateProject"] == f"{owner}/*"
    assert found["rekognition:DescribeProjects"] == "*"
    assert found["s3:ListBucket"] == "arn:aws:s3:::frogs"
    assert found["s3:PutObject"] == "arn:aws:s3:::frogs/*"


def test_the_partition_of_the_dataset_is_that_of_the_bucket() -> None:
    found = resources(policy(TRAIN.replace("arn:aws:", "arn:aws-us-gov:"), "frogs"))
    assert found["s3:GetObject"] == "arn:aws-us-gov:s3:::frogs/*"


def test_what_is_unknown_stands_as_a_word() -> None:
    text = policy()
    assert "arn:aws:rekognition:REGION:ACCOUNT:project/PROJECT/dataset/*" in text
    assert "arn:aws:s3:::BUCKET/*" in text


def test_whoever_only_looks_may_change_nothing() -> None:
    allowed = resources(policy(TRAIN, "frogs", may_change=False))
    assert all(re.match(r"(rekognition|s3):(Describe|List|Get)", action) for action in allowed)
    assert allowed.keys() < resources(policy(TRAIN, "frogs")).keys()


def test_what_is_no_dataset_is_refused() -> None:
    with pytest.raises(UsageError):
        policy("arn:aws:s3:::frogs")


def test_it_fits_into_a_managed_policy() -> None:
    assert len(re.sub(r"\s", "", policy(TRAIN.replace("pond", "p" * 255), "f" * 63))) < 6144


def test_the_readme_shows_it() -> None:
    (shown,) = re.findall(
        r"```json\n(\{\n  \"Version\".*?)\n```", README.read_text(encoding="utf-8"), re.DOTALL
    )
    assert json.loads(shown) == json.loads(policy())
