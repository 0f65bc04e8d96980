"""What only a person can mend: it is told what, and once it is mended the push goes on where it stood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from truthline.aws.connection import Connection
from truthline.aws.session import connect
from truthline.emulator import faults
from truthline.errors import ClockError, DeniedError, RegionError, SignInError
from truthline.progress import CancelToken, ignore_progress
from truthline.sync.push.push import push

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from faults.conftest import Team

UPDATE, LIST, DESCRIBE = "UpdateDatasetEntries", "ListDatasetEntries", "DescribeDataset"


class TestExpiredSignIn:
    @pytest.fixture
    def sign_in(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
        """Write the keys that the profile has, as signing in does."""
        path = tmp_path / "credentials"
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)

        def write(key: str) -> None:
            path.write_text(
                f"[team]\naws_access_key_id={key}\naws_secret_access_key=hush\n", encoding="utf-8"
            )

        return write

    @pytest.mark.parametrize("operation", [UPDATE, LIST, DESCRIBE])
    @pytest.mark.parametrize("anew", [False, True], ids=["same clients", "after a restart"])
    def test_the_push_goes_on_with_the_new_keys(
        self,
        edited: Team,
        connection: Connection,
        sign_in: Callable[..., Any],
        labelled: Callable[..., Any],
        monkeypatch: pytest.MonkeyPatch,
        operation: str,
        anew: bool,
    ) -> None:
        """The sign-in runs out after the first of two batches was sent."""
        monkeypatch.setattr("truthline.sync.push.plan.BATCH_BYTES", 2 * (len(labelled(0, "ash")) + 1) + 1)
        sign_in("AKIDOLD")
        team = Connection(profile="team", region=connection.region, endpoint_url=connection.endpoint_url)

        class RunsOut(type(edited.token())):  # type: ignore[misc]
            def wait(self, seconds: float) -> None:
                if len(edited.updates()) == 1 and not edited.emulator.faults.pending:
                    edited.emulator.faults.add(
                        operation, faults.expired_token(), times=None, signed_by="AKIDOLD"
                    )
                super().wait(seconds)

        with connect(team) as aws:
            result = push(edited.workspace, aws, cancel=RunsOut(edited.clock))
            assert isinstance(result.error, SignInError)
            assert "valid access keys of the profile team" in result.error.detail
            assert "what you labelled is kept" in result.error.detail
            sign_in("AKIDNEW")
            if anew:
                with connect(team) as again:
                    result = push(edited.workspace, again, cancel=edited.token())
            else:
                aws.renew()
                result = push(edited.workspace, aws, cancel=edited.token())
        assert result.flawless
        assert len(edited.sent()) == 3
        edited.assert_equal()


class TestClockOff:
    @pytest.mark.parametrize("operation", [UPDATE, LIST, DESCRIBE])
    @pytest.mark.parametrize(
        ("seconds", "words"), [(720.0, "12 minutes behind"), (-420.0, "7 minutes ahead")]
    )
    def test_the_push_says_by_how_many_minutes(
        self, edited: Team, operation: str, seconds: float, words: str
    ) -> None:
        edited.emulator.faults.add(operation, faults.clock_off(seconds), times=None)
        result = push(edited.workspace, edited.aws, cancel=edited.token())
        assert isinstance(result.error, ClockError)
        assert words in result.error.title
        assert "Set the clock" in result.error.detail
        assert edited.asked(operation) == 1  # trying again helps nobody
        edited.assert_nothing_pushed()
        assert push(edited.workspace, edited.aws, cancel=edited.token()).flawless

    def test_s3_says_it_too(self, team: Team) -> None:
        team.aws.s3.create_bucket("leaves")
        skewed = faults.clock_off(720.0, code="RequestTimeTooSkewed", status=403)
        team.emulator.faults.add("GET /leaves/*", skewed)
        with pytest.raises(ClockError, match="12 minutes behind"):
            team.aws.s3.read("leaves", "oak.png")


class TestDenied:
    @pytest.mark.parametrize("operation", [UPDATE, LIST, DESCRIBE])
    def test_the_push_names_the_permission(self, edited: Team, operation: str) -> None:
        edited.emulator.faults.add(operation, faults.access_denied(), times=None)
        result = push(edited.workspace, edited.aws, cancel=edited.token())
        assert isinstance(result.error, DeniedError)
        assert f"rekognition:{operation}" in str(result.error)
        assert edited.asked(operation) == 1
        edited.assert_nothing_pushed()
        assert edited.workspace.unfinished_push() is None
        assert push(edited.workspace, edited.aws, cancel=edited.token()).flawless

    @pytest.mark.parametrize(
        ("request_line", "permission"),
        [
            ("GET /leaves/*", "s3:GetObject"),
            ("HEAD /leaves/*", "s3:GetObject"),
            ("PUT /leaves/*", "s3:PutObject"),
        ],
    )
    def test_s3_names_it_also_where_the_answer_is_only_a_number(
        self, team: Team, tmp_path: Path, request_line: str, permission: str
    ) -> None:
        team.aws.s3.create_bucket("leaves")
        path = tmp_path / "oak.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n")
        calls: dict[str, Any] = {
            "GET": lambda: team.aws.s3.read("leaves", "oak.png"),
            "HEAD": lambda: team.aws.s3.head("leaves", "oak.png"),
            "PUT": lambda: team.aws.s3.upload(
                path, "leaves", "oak.png", report=ignore_progress, cancel=CancelToken()
            ),
        }
        denied = faults.service_error("AccessDenied", "Access Denied", status=403)
        team.emulator.faults.add(request_line, denied, times=None)
        with pytest.raises(DeniedError) as caught:
            calls[request_line.split(maxsplit=1)[0]]()
        assert permission in str(caught.value)


class TestBucketElsewhere:
    @pytest.mark.parametrize(
        ("method", "code", "status"),
        [
            ("GET", "PermanentRedirect", 301),
            ("HEAD", "PermanentRedirect", 301),
            ("PUT", "PermanentRedirect", 301),
            ("GET", "AuthorizationHeaderMalformed", 400),
            ("HEAD", "AuthorizationHeaderMalformed", 400),
            ("PUT", "AuthorizationHeaderMalformed", 400),
        ],
    )
    def test_both_regions_are_named(
        self, team: Team, tmp_path: Path, method: str, code: str, status: int
    ) -> None:
        team.aws.s3.create_bucket("leaves")
        path = tmp_path / "oak.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n")
        calls: dict[str, Any] = {
            "GET": lambda: team.aws.s3.read("leaves", "oak.png"),
            "HEAD": lambda: team.aws.s3.head("leaves", "oak.png"),
            "PUT": lambda: team.aws.s3.upload(
                path, "leaves", "oak.png", report=ignore_progress, cancel=CancelToken()
            ),
        }
        elsewhere = faults.bucket_elsewhere("eu-west-1", code=code, status=status)
        team.emulator.faults.add("* /leaves*", elsewhere, times=None)
        with pytest.raises(RegionError) as caught:
            calls[method]()
        assert "eu-west-1" in str(caught.value)
        assert "us-east-1" in str(caught.value)
        assert "must lie in the same region" in caught.value.detail

    def test_a_dataset_of_another_region_names_the_one_that_was_asked(
        self, edited: Team, connection: Connection
    ) -> None:
        elsewhere = Connection(region="eu-west-1", endpoint_url=connection.endpoint_url)
        with connect(elsewhere) as aws:
            result = push(edited.workspace, aws, cancel=edited.token())
        assert "eu-west-1" in str(result.error)
        edited.assert_nothing_pushed()
