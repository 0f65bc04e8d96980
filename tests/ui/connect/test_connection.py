"""The connection dialog: profiles with their state, the check that names permissions, the policy to copy."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from truthline.aws.connection import Connection
from truthline.aws.policy import policy
from truthline.aws.session import connect
from truthline.emulator import faults
from truthline.progress import CancelToken
from truthline.sync.opening.sources import SourceKind
from truthline.ui.connect.connection import ConnectionDialog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from truthline.emulator import Emulator
    from truthline.ui.kit.jobs import Jobs

TRAIN = "arn:aws:rekognition:us-east-1:123456789012:project/pond/dataset/train/1700000000000"
CONFIG = (
    "[profile pond]\nregion=eu-west-1\nsso_session=work\nsso_account_id=123456789012\nsso_role_name=label\n"
    "[profile plain]\nregion=eu-west-1\n"
    "[profile <b>bold</b>]\nregion=eu-west-1\n"
    "[sso-session work]\nsso_region=eu-west-1\nsso_start_url=https://example.invalid/start\n"
)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, aws_environment: None) -> Path:
    """A home folder with AWS's configuration in it."""
    folder = tmp_path / "home" / ".aws"
    folder.mkdir(parents=True)
    (folder / "config").write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    return folder


def sign_in(home: Path, hours: float) -> None:
    """Leave what `aws sso login` saves."""
    cache = home / "sso" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    ends = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    name = sha1(b"work", usedforsecurity=False).hexdigest()
    (cache / f"{name}.json").write_text(json.dumps({"accessToken": "hush", "expiresAt": ends}))


@pytest.fixture
def open_dialog(qtbot: QtBot, jobs: Jobs, settle: Callable[[], None]) -> Callable[..., ConnectionDialog]:
    def make(
        kind: SourceKind = SourceKind.DATASET,
        connection: Connection = Connection(),  # noqa: B008 - frozen
    ) -> ConnectionDialog:
        dialog = ConnectionDialog(jobs, kind, "Connect", connection)
        qtbot.addWidget(dialog)
        with qtbot.waitActive(dialog):
            dialog.show()
        settle()
        return dialog

    return make


def listed(dialog: ConnectionDialog) -> list[tuple[str, str]]:
    """Each permission with its state, as shown."""
    found = [dialog.permissions.topLevelItem(row) for row in range(dialog.permissions.topLevelItemCount())]
    return [(item.text(0), item.text(1)) for item in found if item is not None]


def test_each_profile_has_its_state_beside_it(
    home: Path, open_dialog: Callable[..., ConnectionDialog]
) -> None:
    sign_in(home, 30)
    dialog = open_dialog(connection=Connection("pond"))
    model = dialog.profile.model()
    names = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert names == ["pond", "plain", "<b>bold</b>"]
    assert model.index(0, 1).data().startswith("SSO: Signed in until ")
    assert dialog.profile_state.text.text().startswith("Signed in until ")
    assert dialog.profile_state.copy_button.isHidden()
    assert dialog.connection == Connection("pond")


def test_an_expired_sign_in_offers_its_command_and_is_seen_when_it_is_renewed(
    home: Path, open_dialog: Callable[..., ConnectionDialog], settle: Callable[[], None]
) -> None:
    sign_in(home, -2)
    dialog = open_dialog(connection=Connection("pond"))
    assert dialog.profile_state.text.text().startswith("The sign-in has expired.")
    dialog.profile_state.copy_button.click()
    assert QGuiApplication.clipboard().text() == "aws sso login --profile pond"
    assert dialog.profile_state.copy_button.text() == "Copied"
    sign_in(home, 2)
    # As when the person comes back from the terminal.
    QApplication.sendEvent(dialog, QEvent(QEvent.Type.ActivationChange))
    settle()
    assert dialog.profile_state.text.text().startswith("Signed in until ")
    assert dialog.profile.currentText() == "pond"


def test_choosing_and_typing_a_profile_shows_its_state(
    qtbot: QtBot, home: Path, open_dialog: Callable[..., ConnectionDialog]
) -> None:
    dialog = open_dialog()
    assert dialog.profile.currentText() == ""
    assert "No default profile is configured" in dialog.profile_state.text.text()
    dialog.profile.setCurrentIndex(1)
    assert dialog.connection.profile == "plain"
    assert dialog.profile_state.text.text() == "It has no credentials of its own."
    dialog.profile.setCurrentText("")
    qtbot.keyClicks(dialog.profile, "lake")
    assert dialog.profile_state.text.text() == "There is no profile called lake."


def test_names_from_the_configuration_are_plain_text(
    home: Path, open_dialog: Callable[..., ConnectionDialog]
) -> None:
    dialog = open_dialog(connection=Connection("<i>gone</i>"))
    assert dialog.profile_state.text.text() == "There is no profile called <i>gone</i>."
    assert dialog.profile_state.text.textFormat() is Qt.TextFormat.PlainText
    assert "<b>" not in dialog.profile.model().index(2, 0).data(Qt.ItemDataRole.ToolTipRole)


def test_a_configuration_that_cannot_be_read_is_told(
    home: Path, open_dialog: Callable[..., ConnectionDialog]
) -> None:
    (home / "config").write_text("this is not an ini file", encoding="utf-8")
    dialog = open_dialog(connection=Connection("pond"))
    assert str(home / "config") in dialog.profile_state.text.text()
    assert dialog.connection.profile == "pond"


@pytest.fixture
def arn(connection: Connection, tmp_path: Path, line: Callable[..., bytes]) -> str:
    """An entry in a dataset of the emulator."""
    manifest = tmp_path / "a.manifest"
    manifest.write_bytes(line("s3://leaves/1.jpg", ["oak"]) + b"\n")
    with connect(connection) as aws:
        aws.s3.create_bucket("leaves")
        for key in ("a.manifest", "1.jpg"):
            aws.s3.upload(manifest, "leaves", key, report=lambda _: None, cancel=CancelToken())
        project = aws.rekognition.create_project("pond")
        return aws.rekognition.create_dataset(project, "TRAIN", manifest="s3://leaves/a.manifest")


@pytest.fixture
def checked(
    qtbot: QtBot, connection: Connection, clock: object, open_dialog: Callable[..., ConnectionDialog]
) -> Callable[[str], ConnectionDialog]:
    """Open the dialog with an address and check it."""

    def check(address: str, kind: SourceKind = SourceKind.DATASET) -> ConnectionDialog:
        dialog = open_dialog(kind, connection)
        dialog.address.setText(address)
        with qtbot.waitSignal(dialog.checked):
            dialog.check_button.click()
        return dialog

    return check


def test_the_check_lists_what_is_granted_missing_and_not_checked(
    emulator: Emulator, clock: object, arn: str, checked: Callable[..., ConnectionDialog]
) -> None:
    clock.advance(600)  # type: ignore[attr-defined]
    emulator.faults.add("ListDatasetLabels", faults.access_denied())
    dialog = checked(arn)
    found = listed(dialog)
    assert not dialog.permissions.isHidden()
    assert found[0] == ("rekognition:ListDatasetLabels", "Missing")
    assert ("rekognition:DescribeDataset", "Granted") in found
    assert ("s3:GetObject", "Granted") in found
    assert ("rekognition:UpdateDatasetEntries", "Not checked") in found
    assert dialog.outcome.text() == (
        "1 permission is missing: rekognition:ListDatasetLabels. Copy the policy for whoever looks after the"
        " AWS account."
    )
    dialog.policy_button.click()
    assert QGuiApplication.clipboard().text() == policy(arn, "leaves")
    assert dialog.height() >= dialog.permissions.geometry().bottom()
    assert dialog.permissions.geometry().bottom() < dialog.buttons.geometry().top()


def test_another_address_is_not_told_the_old_ones_permissions(
    arn: str, clock: object, checked: Callable[..., ConnectionDialog]
) -> None:
    clock.advance(600)  # type: ignore[attr-defined]
    dialog = checked(arn)
    assert dialog.outcome.text() == "The dataset can be read: 1 image, 1 of them labelled."
    dialog.address.setText(TRAIN)
    assert dialog.permissions.isHidden()
    assert dialog.outcome.text() == ""
    dialog.policy_button.click()
    assert QGuiApplication.clipboard().text() == policy(TRAIN)


def test_a_prefix_is_checked_and_its_bucket_stands_in_the_policy(
    arn: str, checked: Callable[..., ConnectionDialog]
) -> None:
    dialog = checked("s3://leaves/1", SourceKind.S3_PREFIX)
    assert dialog.outcome.text() == "The bucket can be read, and holds objects with this prefix."
    assert {action.partition(":")[0] for action, _ in listed(dialog)} == {"s3"}
    dialog.policy_button.click()
    assert QGuiApplication.clipboard().text() == policy("", "leaves")


def test_a_policy_can_be_had_before_anything_is_typed(
    home: Path, open_dialog: Callable[..., ConnectionDialog]
) -> None:
    dialog = open_dialog()
    dialog.policy_button.click()
    assert QGuiApplication.clipboard().text() == policy()
    assert dialog.policy_button.text() == "Policy Copied"


def test_a_refused_sign_in_shows_at_the_profile(
    emulator: Emulator, arn: str, checked: Callable[..., ConnectionDialog]
) -> None:
    emulator.faults.add("DescribeDataset", faults.expired_token())
    dialog = checked(arn)
    assert "not valid any more" in dialog.outcome.text()
    assert arn not in dialog.outcome.text()
    assert dialog.profile_state.text.text() == "AWS did not accept the credentials."
    assert dialog.permissions.isHidden()
