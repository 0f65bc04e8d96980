"""The first push into an empty dataset: as one manifest from which it is made, or as updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from truthline.aws.rekognition import parse_dataset_arn
from truthline.errors import NotFoundError, UsageError
from truthline.manifest.line import split_prefix
from truthline.sync.push.plan import BATCH_BYTES
from truthline.sync.rebuild.rebuild import Rebuilt, create_from_workspace
from truthline.ui.kit.fitting import fit_window
from truthline.ui.kit.jobs import Job, Lane
from truthline.ui.kit.questions import plain_label, radio_button
from truthline.ui.rebuild.rebuilding import RebuildingDialog
from truthline.ui.rebuild.removal_facts import no_rebuild, suggested_place
from truthline.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from truthline.aws.session import Aws
    from truthline.progress import CancelToken, Report
    from truthline.sync.rebuild.rebuild import Route
    from truthline.ui.document.document import Document
    from truthline.workspace.workspace import Workspace


class ManifestPushDialog(RebuildingDialog):
    """Says why a manifest is the better way for this push, and goes either way.

    Args:
        document: whose lines are pushed.
        route: what `first_push_route` chose, and why.
        aws: gives the service's clients; called off the GUI thread.
        parent: the window it belongs to.

    """

    created = Signal(Rebuilt)
    """The `Rebuilt`, once the workspace belongs to the new dataset; `rebuilt` says the same."""
    updates_wanted = Signal()
    """The `Route` that the person did not take: the push is to go as updates."""

    def __init__(
        self, document: Document, route: Route, aws: Callable[[], Aws], parent: QWidget | None = None
    ) -> None:
        super().__init__(document, aws, "First Push", parent)
        self._route = route
        self._obstacle = ""
        self._asking: Job | None = None
        fit_window(self, 660, 440)
        self.by_manifest = radio_button("&Upload one manifest and create the dataset from it (recommended)")
        self.by_updates = radio_button("&Send updates")
        self.place_field = QLineEdit()
        self.place_field.setPlaceholderText("s3://bucket/prefix")
        self.told = plain_label(
            "The empty dataset is deleted and made again from the manifest, with a new ARN: whoever else is"
            " connected to it must connect to the new one. The manifest stays in S3.",
            dim=True,
        )
        self._fill()
        self.rebuilt.connect(self.created)
        for button in (self.by_manifest, self.by_updates):
            button.toggled.connect(lambda _on: self._update())
        self.place_field.textChanged.connect(lambda _text: self._update())
        self.by_manifest.setChecked(True)
        self.by_manifest.setFocus()
        self._look()

    @override
    def go(self) -> None:
        if self.by_updates.isChecked():
            self.updates_wanted.emit()
            self.accept()
            return
        workspace, place = self._document.workspace, self.place_field.text().strip()
        arn = self._document.info.dataset_arn

        def work(aws: Aws, token: CancelToken, report: Report) -> Rebuilt:
            project = _project_of(aws, arn)
            kind = parse_dataset_arn(arn).kind
            return create_from_workspace(
                workspace, aws, project, kind, place=place, cancel=token, report=report
            )

        self._rebuild("Writing the manifest", work)

    def _look(self) -> None:
        workspace = self._document.workspace

        def work(token: CancelToken, _report: Report) -> tuple[int, str, str]:
            return _updates(workspace, token), suggested_place(workspace), no_rebuild(workspace)

        self._asking = self._document.jobs.run(Lane.READ, work, done=self._show_facts)

    def _show_facts(self, found: tuple[int, str, str]) -> None:
        self._asking = None
        updates, place, self._obstacle = found
        self.by_updates.setText(f"&Send {counted(updates, 'update')}")
        self.place_field.setText(self.place_field.text() or place)
        if self._obstacle:
            self.by_manifest.setEnabled(False)
            self.told.setText(self._obstacle)
            self.by_updates.setChecked(True)
        self._update()

    @override
    def _update(self) -> None:
        manifest = self.by_manifest.isChecked()
        self.place_field.setEnabled(manifest)
        self.go_button.setText("Create Dataset" if manifest else "Send Updates")
        self.go_button.setEnabled(not manifest or (self._asking is None and self._is_place()))
        super()._update()

    def _is_place(self) -> bool:
        try:
            split_prefix(self.place_field.text().strip())
        except UsageError:
            return False
        return True

    def _fill(self) -> None:
        form = QFormLayout()
        form.addRow("&Manifest in S3", self.place_field)
        indented = QVBoxLayout()
        indented.setContentsMargins(24, 0, 0, 0)
        indented.setSpacing(12)
        indented.addWidget(self.told)
        indented.addLayout(form)
        slow = plain_label(
            "The dataset keeps its ARN. The service takes one update after the other, each for a while.",
            dim=True,
        )
        slow.setContentsMargins(24, 0, 0, 0)
        column = QVBoxLayout(self.form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(plain_label(self._route.reason))
        column.addSpacing(12)
        column.addWidget(self.by_manifest)
        column.addLayout(indented)
        column.addSpacing(12)
        column.addWidget(self.by_updates)
        column.addWidget(slow)
        column.addStretch(1)

    @override
    def done(self, result: int) -> None:
        if self._asking is not None:
            self._asking.drop()
        super().done(result)


def _updates(workspace: Workspace, cancel: CancelToken) -> int:
    """How many updates the lines need at least."""
    size = 0
    for line, _ in workspace.lines():
        cancel.check()
        size += len(line) + 1
    return max(1, -(-size // BATCH_BYTES))


def _project_of(aws: Aws, dataset_arn: str) -> str:
    """The ARN of the project whose dataset this is."""
    for project in aws.rekognition.describe_projects():
        if any(dataset.arn == dataset_arn for dataset in project.datasets):
            return project.arn
    raise NotFoundError(
        "No project has this dataset.",
        detail="Check the region and the account; somebody may have deleted it.",
        place=dataset_arn,
    )
