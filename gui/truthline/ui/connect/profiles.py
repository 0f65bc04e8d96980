"""The profile picker: AWS's profiles, each with its kind and whether it is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPixmap, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeView,
    QWidget,
)
from typing_extensions import override

from truthline.aws.profiles import Profile, ProfileKind, chosen
from truthline.ui.kit import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

_POPUP_WIDTH = 560
_ICONS = {True: "done", False: "close", None: "minus"}


class ProfilePicker(QComboBox):
    """Names of profiles, which can be typed as well; the list that opens shows each one's state beside it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._profiles: list[Profile] | None = None
        self._model = QStandardItemModel(0, 2, self)
        self.setModel(self._model)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setCurrentText(name)
        self.setPlaceholderText("The default profile")
        line = self.lineEdit()
        if line is not None:
            line.setPlaceholderText("The default profile")
        view = QTreeView()
        view.setHeaderHidden(True)
        view.setRootIsDecorated(False)
        view.setUniformRowHeights(True)
        view.setIconSize(QSize(16, 16))
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setTextElideMode(Qt.TextElideMode.ElideRight)
        view.setMinimumWidth(_POPUP_WIDTH)
        view.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.setView(view)

    @property
    def profile(self) -> Profile:
        """The profile that applies now, with its state."""
        return chosen(self.currentText().strip(), self._profiles or ())

    @property
    def listed(self) -> bool:
        """Whether the profiles are known already."""
        return self._profiles is not None

    def set_profiles(self, profiles: Sequence[Profile]) -> bool:
        """Offer these, and tell whether they are others than before; what is chosen or typed stays."""
        if list(profiles) == self._profiles:
            return False
        kept = self.currentText()
        self._profiles = list(profiles)
        self._model.setRowCount(0)
        for profile in profiles:
            name, state = QStandardItem(profile.name), QStandardItem(_kind_and_state(profile))
            state.setIcon(theme.icon(_ICONS[profile.signed_in], state_colour(profile)))
            state.setForeground(QColor(theme.tokens().dim))
            tip = theme.plain_tip(profile.state)
            name.setToolTip(tip)
            state.setToolTip(tip)
            self._model.appendRow([name, state])
        self.setCurrentIndex(self.findText(kept, Qt.MatchFlag.MatchExactly))
        self.setCurrentText(kept)
        return True


class ProfileState(QWidget):
    """One line under the picker: the state of the profile, and a button that copies its sign-in command."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._command = ""
        self._icon = QLabel()
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy_button = QPushButton()
        self.copy_button.setAutoDefault(False)
        self.copy_button.clicked.connect(self._copy)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.say("Reading AWS's profiles…")

    def show_profile(self, profile: Profile, *, refused: bool = False) -> None:
        """Show a profile; ``refused`` when AWS did not take its sign-in, whatever the files say."""
        mark = False if refused else profile.signed_in
        text = profile.state
        if refused and profile.signed_in is not False:
            text = "AWS did not accept the credentials." + (
                f" Run: {profile.command}" if profile.command else ""
            )
        self._show(text, theme.icon(_ICONS[mark], state_colour(profile, refused=refused)).pixmap(16, 16))
        self._command = profile.command if mark is not True else ""
        self.copy_button.setVisible(bool(self._command))
        self.copy_button.setText("Copy Command")
        self.copy_button.setIcon(theme.icon("copy"))
        self.copy_button.setToolTip(theme.plain_tip(self._command))

    def say(self, text: str) -> None:
        """Show a sentence that belongs to no profile."""
        self._show(text, None)
        self.copy_button.hide()

    def _show(self, text: str, pixmap: QPixmap | None) -> None:
        self.text.setText(text)
        self._icon.setVisible(pixmap is not None)
        if pixmap is not None:
            self._icon.setPixmap(pixmap)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._command)
        self.copy_button.setText("Copied")

    @override
    def sizeHint(self) -> QSize:
        # Two lines fit, so that the fields below stay where they are while the sentence changes.
        return QSize(super().sizeHint().width(), max(super().sizeHint().height(), 36))


def _kind_and_state(profile: Profile) -> str:
    if profile.kind in {ProfileKind.OTHER, ProfileKind.KEYS, ProfileKind.ROLE}:
        return profile.state  # which says the kind
    return f"{profile.kind}: {profile.state}"


def state_colour(profile: Profile, *, refused: bool = False) -> str:
    """The colour that goes with a profile's icon."""
    t = theme.tokens()
    if refused or profile.signed_in is False:
        return t.error
    return t.good if profile.signed_in else t.dim
