"""Who signs in, and where: the fields that every question about AWS has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
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
from truthline.aws.policy import policy
from truthline.aws.profiles import profiles
from truthline.aws.session import connect
from truthline.errors import SignInError, TruthlineError
from truthline.sync.opening.sources import SourceKind, recognise
from truthline.sync.service.permissions import check_permissions
from truthline.ui.connect.permissions import PermissionList, in_words
from truthline.ui.connect.profiles import ProfilePicker, ProfileState
from truthline.ui.kit import theme
from truthline.ui.kit.fitting import fit_width
from truthline.ui.kit.jobs import Job, Jobs, Lane
from truthline.words import progress_words

if TYPE_CHECKING:
    from truthline.aws.profiles import Profile
    from truthline.progress import CancelToken, Progress, Report
    from truthline.sync.service.permissions import Permission


class ConnectionDialog(QDialog):
    """Asks for a dataset's ARN or an S3 prefix, with the profile and region to reach it.

    Args:
        jobs: on whose lane the check runs.
        kind: `SourceKind.DATASET` or `SourceKind.S3_PREFIX`.
        title: the window's title.
        connection: what the fields begin with.
        parent: the window it belongs to.

    """

    checked = Signal(str)
    """The sentence that the check ended with."""

    def __init__(
        self, jobs: Jobs, kind: SourceKind, title: str, connection: Connection, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._kind = kind
        self._asker = connection.asker
        self._checking: Job | None = None
        self._listing: Job | None = None
        self._bucket = ""
        self.setWindowTitle(title)
        fit_width(self, 720)
        dataset = kind is SourceKind.DATASET
        self.address = QLineEdit()
        self.address.setPlaceholderText(
            "arn:aws:rekognition:…:project/NAME/dataset/train/…" if dataset else "s3://bucket/prefix"
        )
        self.address.textChanged.connect(self._update)
        self.profile = ProfilePicker(connection.profile)
        self.profile_state = ProfileState()
        self.profile.currentTextChanged.connect(lambda _text: self._show_profile())
        self.region = QLineEdit(connection.region)
        self.region.setPlaceholderText("The ARN's region" if dataset else "The profile's region")
        self.endpoint = QLineEdit(connection.endpoint_url)
        self.endpoint.setPlaceholderText("AWS")
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Dataset &ARN" if dataset else "S3 &prefix", self.address)
        form.addRow("&Profile", self.profile)
        form.addRow("", self.profile_state)
        form.addRow("&Region", self.region)
        form.addRow("&Endpoint", self.endpoint)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addLayout(self._check_row())
        self.permissions = PermissionList()
        self.permissions.hide()
        layout.addWidget(self.permissions, 1)
        layout.addStretch()
        layout.addLayout(self._button_row("Connect" if dataset else "Open"))
        self._update()
        self._list_profiles()

    @property
    def connection(self) -> Connection:
        """What the fields say."""
        return Connection(
            self.profile.currentText().strip(),
            self.region.text().strip(),
            self.endpoint.text().strip(),
            self._asker,
        )

    @property
    def text(self) -> str:
        """The ARN or prefix."""
        return self.address.text().strip()

    def check(self) -> None:
        """Ask AWS what may be done with this, and say what it answered."""
        self._asker.ask_again()
        self.check_button.setEnabled(False)
        self._say("Asking AWS…", theme.tokens().dim)
        work = _check_dataset if self._kind is SourceKind.DATASET else _check_prefix
        connection, text = self.connection, self.text
        self._checking = self._jobs.run(
            Lane.WATCH,
            lambda token, report: work(connection, text, token, report),
            done=self._fine,
            failed=self._wrong,
            progress=self._advance,
        )

    def copy_policy(self) -> None:
        """Put the IAM policy for what the fields name onto the clipboard."""
        bucket = self._bucket
        arn = ""
        if self._valid() and self._kind is SourceKind.DATASET:
            arn = self.text
        elif self._valid():
            bucket = _split(self.text)[0]
        QGuiApplication.clipboard().setText(policy(arn, bucket))
        self.policy_button.setText("Policy Copied")

    def _check_row(self) -> QHBoxLayout:
        self.check_button = QPushButton("&Check")
        self.check_button.setAutoDefault(False)
        self.check_button.clicked.connect(self.check)
        self.outcome = QLabel()
        self.outcome.setTextFormat(Qt.TextFormat.PlainText)
        self.outcome.setWordWrap(True)
        self.outcome.setMinimumHeight(40)
        self.outcome.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.check_button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.outcome, 1)
        return row

    def _button_row(self, verb: str) -> QHBoxLayout:
        self.policy_button = QPushButton(theme.icon("copy"), "Copy Po&licy")
        self.policy_button.setAutoDefault(False)
        self.policy_button.setToolTip(
            theme.plain_tip("The permissions that Truthline needs, for whoever looks after the AWS account")
        )
        self.policy_button.clicked.connect(self.copy_policy)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        accept = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        accept.setText(verb)
        accept.setProperty("primary", True)
        accept.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self.policy_button)
        row.addWidget(self.buttons, 1)
        return row

    def _fine(self, permissions: list[Permission]) -> None:
        self.permissions.set_permissions(permissions)
        self.permissions.show()
        self._bucket = next(
            (_split(one.resource)[0] for one in permissions if one.action == "s3:ListBucket"), ""
        )
        sentence, well = in_words(permissions)
        self._end(sentence, theme.tokens().good if well else theme.tokens().error)

    def _wrong(self, error: Exception) -> None:
        self.permissions.hide()
        if isinstance(error, SignInError):
            self.profile_state.show_profile(self.profile.profile, refused=True)
        told = f"{error.title} {error.detail}" if isinstance(error, TruthlineError) else str(error)
        self._end(told.strip(), theme.tokens().error)

    def _advance(self, progress: Progress) -> None:
        self._say(progress_words(progress), theme.tokens().dim)

    def _end(self, sentence: str, colour: str) -> None:
        self._checking = None
        self.check_button.setEnabled(self._valid())
        self._say(sentence, colour)
        self._fit()
        self.checked.emit(sentence)

    def _say(self, sentence: str, colour: str) -> None:
        self.outcome.setText(sentence)
        self.outcome.setStyleSheet(f"color: {colour}")

    def _fit(self) -> None:
        """Be as high as what is shown needs: a dialog does not grow by itself for lines that wrap."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.resize(self.width(), layout.totalHeightForWidth(self.width()))

    def _list_profiles(self) -> None:
        if self._listing is None:
            self._listing = self._jobs.run(
                Lane.WATCH, lambda _token, _report: profiles(), done=self._offer, failed=self._offer_none
            )

    def _offer(self, found: list[Profile]) -> None:
        self._listing = None
        if self.profile.set_profiles(found):
            self._show_profile()

    def _offer_none(self, error: Exception) -> None:
        self._listing = None
        self.profile_state.say(str(error))

    def _show_profile(self) -> None:
        if self.profile.listed:
            self.profile_state.show_profile(self.profile.profile)

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
        self._bucket = ""
        self.policy_button.setText("Copy Po&licy")
        if not self.permissions.isHidden():
            self.permissions.hide()
            self._fit()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # Whoever comes back from a terminal may have signed in there.
        if event.type() == QEvent.Type.ActivationChange and self.isVisible() and self.isActiveWindow():
            self._list_profiles()

    @override
    def done(self, result: int) -> None:
        for job in (self._listing, self._checking):
            if job is not None:
                job.drop()
        super().done(result)


def _check_dataset(connection: Connection, arn: str, token: CancelToken, report: Report) -> list[Permission]:
    with connect(connection.for_arn(arn)) as aws:
        return check_permissions(aws, arn=arn, cancel=token, report=report)


def _check_prefix(
    connection: Connection, address: str, token: CancelToken, report: Report
) -> list[Permission]:
    bucket, prefix = _split(address)
    with connect(connection) as aws:
        return check_permissions(aws, bucket=bucket, prefix=prefix, cancel=token, report=report)


def _split(address: str) -> tuple[str, str]:
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    return bucket, prefix
