"""Images on their way from S3: half of one, or a portal's page, is never shown and never kept."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from present import present
from truthline.emulator import faults
from truthline.errors import NotFromAwsError, OfflineError
from truthline.images.source import S3Source
from truthline.images.thumbnails import Thumbnails

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from faults.conftest import Team
    from truthline.emulator.faults import Fault

REF = "s3://leaves/oak.png"


@pytest.fixture
def image() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((300, 200), 60).convert("RGB").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def source(team: Team, tmp_path: Path, image: bytes) -> S3Source:
    team.aws.s3.create_bucket("leaves")
    team.aws.s3._client.put_object(Bucket="leaves", Key="oak.png", Body=image)
    return S3Source(team.aws.s3)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Thumbnails]:
    cache = Thumbnails(tmp_path / "thumbnails.sqlite")
    yield cache
    cache.close()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (faults.html(), NotFromAwsError),
        (faults.empty_body(), NotFromAwsError),
        (faults.truncated_body(), OfflineError),
        (faults.truncated_body(0.0), OfflineError),
    ],
    ids=["html", "empty", "cut", "nothing"],
)
def test_what_did_not_come_whole_from_aws_is_never_kept(
    team: Team, source: S3Source, cache: Thumbnails, image: bytes, fault: Fault, kind: type[Any]
) -> None:
    version = source.version(REF)
    team.emulator.faults.add("GET /leaves/oak.png", fault, times=None)
    for _ in range(2):
        with pytest.raises(kind):
            cache.load(REF, source)
        with pytest.raises(kind):
            source.read(REF)
    assert cache.get(REF, present(version)) is None
    team.emulator.faults.clear()
    assert source.read(REF) == image
    loaded = cache.load(REF, source)
    assert (loaded.facts.width, loaded.facts.height, loaded.facts.size) == (300, 200, len(image))
    assert cache.get(REF, present(version)) is not None


def test_a_cut_image_comes_whole_at_the_next_try(
    team: Team, source: S3Source, cache: Thumbnails, image: bytes
) -> None:
    team.emulator.faults.add("GET /leaves/oak.png", faults.truncated_body())
    with pytest.raises(OfflineError, match="broke off"):
        cache.load(REF, source)
    assert cache.load(REF, source).facts.size == len(image)


@pytest.mark.parametrize("status", [faults.html(), faults.empty_body()])
def test_facts_from_a_portal_are_not_believed(team: Team, source: S3Source, status: Fault) -> None:
    team.emulator.faults.add("HEAD /leaves/oak.png", status)
    with pytest.raises(NotFromAwsError):
        source.size(REF)
    assert source.size(REF) > 0
