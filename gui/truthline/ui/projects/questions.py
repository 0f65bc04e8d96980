"""What is asked before a project or dataset is made, split or deleted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, get_args

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from truthline.aws.rekognition import Kind
from truthline.errors import UsageError
from truthline.manifest.line import split_prefix
from truthline.ui.kit import theme
from truthline.ui.kit.questions import ConfirmField, QuestionDialog, radio_button
from truthline.ui.projects.tree import KINDS, held_words, kind_words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from truthline.aws.rekognition import DatasetDescription, Project, ProjectDataset

_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,255}")
_ARN = Qt.ItemDataRole.UserRole
Origin = Literal["empty", "manifest", "copy"]
_ORIGINS = {
    "empty": "&Empty: images come with the first push",
    "manifest": "From a &manifest in S3",
    "copy": "A &copy of another dataset",
}


def name_problem(name: str, taken: Collection[str]) -> str:
    """Why a project cannot be called so, "" if it can."""
    if not name:
        return "Type a name: letters, digits, _ . and -."
    if len(name) > 255:
        return f"A name has at most 255 characters; this one has {len(name):,}."
    if not _NAME.fullmatch(name):
        wrong = next(letter for letter in name if not _NAME.fullmatch(letter))
        shown = "a space" if wrong == " " else f"“{wrong}”"
        return f"A name holds only letters from A to Z, digits, _ . and -, not {shown}."
    return "There is a project of that name already." if name in taken else ""


class NewProjectDialog(QuestionDialog):
    """Asks for the name of a new project."""

    def __init__(self, taken: Collection[str], parent: QWidget | None = None) -> None:
        super().__init__(
            "New Project",
            ["A project holds a training dataset, a test dataset, and the models trained on them."],
            "Create Project",
            parent,
        )
        self._taken = taken
        self.name_field = QLineEdit()
        form = QFormLayout()
        form.addRow("&Name", self.name_field)
        self.content.addLayout(form)
        self.name_field.textChanged.connect(lambda _text: self._update())
        self._update()
        self.name_field.setFocus()

    @property
    def name(self) -> str:
        """The name."""
        return self.name_field.text().strip()

    def _update(self) -> None:
        self.need(name_problem(self.name, self._taken))


class NewDatasetDialog(QuestionDialog):
    """Asks which dataset a project gets, and what is in it at first.

    Args:
        project: that gets it.
        projects: whose datasets can be copied.
        known: what is known of their datasets, by ARN.
        parent: the window it belongs to.

    """

    def __init__(
        self,
        project: Project,
        projects: Sequence[Project],
        known: Mapping[str, DatasetDescription],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("New Dataset", [f"A new dataset in the project {project.name}."], "Create", parent)
        taken = {dataset.kind for dataset in project.datasets}
        self.kind_box = QComboBox()
        for kind in get_args(Kind):
            if kind not in taken:
                self.kind_box.addItem(KINDS[kind], kind)
        form = QFormLayout()
        form.addRow("&Type", self.kind_box)
        self.content.addLayout(form)
        self.origins = {origin: radio_button(text) for origin, text in _ORIGINS.items()}
        self.manifest_field = QLineEdit()
        self.manifest_field.setPlaceholderText("s3://bucket/folder/train.manifest")
        self.manifest_field.setAccessibleName("Address of the manifest in S3")
        self.sources = _source_tree(projects, known)
        for origin, field in (("empty", None), ("manifest", self.manifest_field), ("copy", self.sources)):
            self.content.addWidget(self.origins[origin])
            self.origins[origin].toggled.connect(lambda _on: self._update())
            if field is not None:
                self.content.addWidget(field)
        self.manifest_field.textChanged.connect(lambda _text: self._update())
        self.sources.currentItemChanged.connect(lambda _now, _before: self._update())
        self.origins["copy"].setEnabled(self.sources.topLevelItemCount() > 0)
        self.origins["empty"].setChecked(True)
        self.kind_box.setFocus()

    @property
    def kind(self) -> Kind:
        """TRAIN or TEST."""
        kind: Kind = self.kind_box.currentData()
        return kind

    @property
    def manifest(self) -> str:
        """The address of the manifest that it is made from, "" if it is not."""
        return self.manifest_field.text().strip() if self.origins["manifest"].isChecked() else ""

    @property
    def source_arn(self) -> str:
        """The ARN of the dataset that is copied, "" if none is."""
        item = self.sources.currentItem() if self.origins["copy"].isChecked() else None
        return str(item.data(0, _ARN) or "") if item is not None else ""

    def _update(self) -> None:
        manifest, copy = self.origins["manifest"].isChecked(), self.origins["copy"].isChecked()
        self.manifest_field.setVisible(manifest)
        self.sources.setVisible(copy)
        self.need(self._problem(manifest=manifest, copy=copy))
        self.adjustSize()

    def _problem(self, *, manifest: bool, copy: bool) -> str:
        if copy:
            return "" if self.source_arn else "Choose the dataset to copy."
        if not manifest:
            return ""
        try:
            _, key = split_prefix(self.manifest)
        except UsageError:
            key = ""
        return "" if key and not key.endswith("/") else "Type the address: s3://bucket/folder/train.manifest."


class SplitDialog(QuestionDialog):
    """Says what splitting does before it is done."""

    def __init__(
        self, project: Project, held: str, parent: QWidget | None = None, *, makes_test: bool
    ) -> None:
        before = "An empty test dataset is made first." if makes_test else "The test dataset is empty."
        of = f" ({held})" if held else ""
        moved = (
            f"{before} About a fifth (20 %) of the images in the training dataset of {project.name}{of} move"
            " into it, with their labels."
        )
        super().__init__(
            "Split the Training Dataset",
            [
                moved,
                "The service chooses which. Training no longer learns from them: they test the model.",
                "There is no way to move them back, except to delete both datasets and make them anew.",
            ],
            "Split",
            parent,
        )
        self.need("")
        self.go_button.setFocus()


class DeleteDialog(QuestionDialog):
    """Says what is lost, and asks for the name.

    Args:
        project: to delete, or the one of the dataset.
        dataset: to delete, None for the whole project.
        known: what is known of the datasets, by ARN.
        parent: the window it belongs to.

    """

    def __init__(
        self,
        project: Project,
        dataset: ProjectDataset | None,
        known: Mapping[str, DatasetDescription],
        parent: QWidget | None = None,
    ) -> None:
        self.name = f"{project.name}/{dataset.kind.lower()}" if dataset is not None else project.name
        losses = _dataset_losses(project, dataset, known) if dataset else _project_losses(project, known)
        title = "Delete Dataset" if dataset is not None else "Delete Project"
        super().__init__(title, losses, title, parent)
        self.confirm = ConfirmField(self.name)
        self.content.addWidget(self.confirm)
        self.confirm.field.textChanged.connect(lambda _text: self._update())
        self.confirm.field.setFocus()
        self._update()

    def _update(self) -> None:
        self.need("" if self.confirm.confirmed else "Nothing is deleted before the name stands there.")


def _dataset_losses(
    project: Project, dataset: ProjectDataset, known: Mapping[str, DatasetDescription]
) -> list[str]:
    held = held_words(known.get(dataset.arn))
    lost = (
        "All its labels are lost, unless a workspace or an exported manifest holds them. Nobody can get them"
        " back from the service. Workspaces that belong to it lose their dataset."
    )
    return [
        f"The {kind_words(dataset)} of {project.name} is deleted{f': {held}' if held else ''}.",
        lost,
        "The images in S3 stay. Trained models stay.",
    ]


def _project_losses(project: Project, known: Mapping[str, DatasetDescription]) -> list[str]:
    named = []
    for dataset in project.datasets:
        held = held_words(known.get(dataset.arn))
        named.append(f"the {kind_words(dataset)}{f' ({held})' if held else ''}")
    first = f"Its datasets are deleted first: {' and '.join(named)}." if named else "It has no datasets."
    losses = [f"The project {project.name} is deleted. {first}"]
    if named:
        losses.append(
            "All their labels are lost, unless a workspace or an exported manifest holds them. Nobody can get"
            " them back from the service."
        )
    losses.append(
        "The images in S3 stay. A project with trained models is not deleted: delete the models first."
    )
    return losses


def _source_tree(projects: Sequence[Project], known: Mapping[str, DatasetDescription]) -> QTreeWidget:
    tree = QTreeWidget()
    tree.setHeaderHidden(True)
    tree.setColumnCount(2)
    tree.setAccessibleName("Dataset to copy")
    tree.setMinimumHeight(160)
    for project in projects:
        if not project.datasets:
            continue
        top = QTreeWidgetItem(tree, [project.name])
        top.setIcon(0, theme.icon("folder"))
        top.setFlags(Qt.ItemFlag.ItemIsEnabled)
        for dataset in project.datasets:
            item = QTreeWidgetItem(
                top, [KINDS.get(dataset.kind, dataset.kind), held_words(known.get(dataset.arn))]
            )
            item.setIcon(0, theme.icon("dataset"))
            item.setData(0, _ARN, dataset.arn)
            item.setToolTip(0, theme.plain_tip(dataset.arn))
    tree.expandAll()
    tree.resizeColumnToContents(0)
    return tree
