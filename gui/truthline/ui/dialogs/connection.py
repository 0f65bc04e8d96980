"""Who signs in, and where: the fields that every question about AWS has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from truthline.aws.connection import Connection
from truthline.aws.session import connect, profiles
from truthline.errors import TruthlineError
from truthline.sync.sources import SourceKind, recognise
from truthline.ui import theme
from truthline.ui.jobs import Job, Jobs, Lane

if TYPE_CHECKING:
    from truthline.progress import CancelToken, Report


class ConnectionDialog(QDialog):
    """Asks for a dataset's ARN or an S3 prefix, with the profile and region to reach it.

    Args:
        jobs: on whose lane the check runs.
        kind: `SourceKind.DATASET` or `SourceKind.S3_PREFIX`.
        title: the window's title.
        connection: what the fields begin with.
        parent: the window it belongs to.

    """

    checked = Signal(object)
    """The sentence that the check ended with."""

    def __init__(
        self, jobs: Jobs, kind: SourceKind, title: str, connection: Connection, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._kind = kind
        self._checking: Job | None = None
        self.setWindowTitle(title)
        self.setMinimumWidth(560)
        dataset = kind is SourceKind.DATASET
        self.address = QLineEdit()
        self.address.setPlaceholderText(
            "arn:aws:rekognition:…:project/NAME/dataset/train/…" if dataset else "s3://bucket/prefix"
        )
        self.address.textChanged.connect(self._update)
        self.profile = QComboBox()
        self.profile.setEditable(True)
        self.profile.setCurrentText(connection.profile)
        self.profile.setPlaceholderText("The default profile")
        self.region = QLineEdit(connection.region)
        self.region.setPlaceholderText("The ARN's region" if dataset else "The profile's region")
        self.endpoint = QLineEdit(connection.endpoint_url)
        self.endpoint.setPlaceholderText("AWS")
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        form.addRow("Dataset &ARN" if dataset else "S3 &prefix", self.address)
        form.addRow("&Profile", self.profile)
        form.addRow("&Region", self.region)
        form.addRow("&Endpoint", self.endpoint)
        self.check_button = QPushButton("&Check")
        self.check_button.setAutoDefault(False)
        self.check_button.clicked.connect(self.check)
        self.outcome = QLabel()
        self.outcome.setTextFormat(Qt.TextFormat.PlainText)
        self.outcome.setWordWrap(True)
        self.outcome.setMinimumHeight(40)
        self.outcome.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout()
        row.addWidget(self.check_button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.outcome, 1)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Connect" if dataset else "Open")
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setProperty("primary", True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addLayout(row)
        layout.addWidget(self.buttons)
        self._offering = self._jobs.run(
            Lane.WATCH, lambda _token, _report: profiles(), done=self._offer, failed=lambda _error: None
        )
        self._update()

    @property
    def connection(self) -> Connection:
        """What the fields say."""
        return Connection(
            self.profile.currentText().strip(), self.region.text().strip(), self.endpoint.text().strip()
        )

    @property
    def text(self) -> str:
        """The ARN or prefix."""
        return self.address.text().strip()

    def check(self) -> None:
        """Ask AWS whether this can be read, and say what it answered."""
        self.check_button.setEnabled(False)
        self._say("Asking AWS…", theme.tokens().dim)
        work = _check_dataset if self._kind is SourceKind.DATASET else _check_prefix
        connection, text = self.connection, self.text
        self._checking = self._jobs.run(
            Lane.WATCH,
            lambda token, report: work(connection, text, token, report),
            done=self._fine,
            failed=self._wrong,
        )

    def _fine(self, sentence: str) -> None:
        self._end(sentence, theme.tokens().good)

    def _wrong(self, error: Exception) -> None:
        self._end(
            str(error) if isinstance(error, TruthlineError) else f"The check failed: {error}",
            theme.tokens().error,
        )

    def _end(self, sentence: str, colour: str) -> None:
        self._checking = None
        self.check_button.setEnabled(self._valid())
        self._say(sentence, colour)
        self.checked.emit(sentence)

    def _say(self, sentence: str, colour: str) -> None:
        self.outcome.setText(sentence)
        self.outcome.setStyleSheet(f"color: {colour}")

    def _offer(self, names: list[str]) -> None:
        kept = self.profile.currentText()
        self.profile.addItems(names)
        self.profile.setCurrentText(kept)

    def _valid(self) -> bool:
        try:
            return recognise(self.text).kind is self._kind
        except TruthlineError:
            return False

    def _update(self) -> None:
        valid = self._valid()
        self.check_button.setEnabled(valid)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(valid)
        self.outcome.clear()

    @override
    def done(self, result: int) -> None:
        self._offering.drop()
        if self._checking is not None:
            self._checking.drop()
        super().done(result)


def _check_dataset(connection: Connection, arn: str, _token: CancelToken, _report: Report) -> str:
    with connect(connection.for_arn(arn)) as aws:
        stats = aws.rekognition.describe_dataset(arn).stats
    return f"The dataset can be read: {stats.total:,} images, {stats.labeled:,} of them labelled."


def _check_prefix(connection: Connection, prefix: str, _token: CancelToken, _report: Report) -> str:
    bucket, _, key = prefix.removeprefix("s3://").partition("/")
    with connect(connection) as aws:
        found = next(iter(aws.s3.list(bucket, key)), None)
    if found is None:
        return "The bucket can be read, but nothing has this prefix."
    return "The bucket can be read, and holds objects with this prefix."
