"""The main window: menus, the toolbar row, and either the welcome page or the workbench.

What only an open workspace or a dialog needs is imported where it is used: the window is seen first.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QMainWindow,
    QMenu,
    QStackedWidget,
    QWidget,
)
from typing_extensions import override

from truthline.errors import TruthlineError
from truthline.sync.opening.sources import SourceKind, recognise
from truthline.ui.connect.access import Access
from truthline.ui.connect.wish import Wish, leads_to
from truthline.ui.kit import theme
from truthline.ui.kit.fitting import fit_window
from truthline.ui.kit.keyboard import KeyFilter
from truthline.ui.kit.keys import DIGITS
from truthline.ui.kit.toast import Toast
from truthline.ui.start.opener import Opener, tell_failures
from truthline.ui.start.sample import SAMPLE_NAME, SampleRunner
from truthline.ui.start.welcome import Welcome
from truthline.ui.window.actions import Actions
from truthline.ui.window.command_names import check_commands, name_commands, states_of, told_selection
from truthline.ui.window.file_commands import FileCommands
from truthline.ui.window.incoming import Incoming
from truthline.ui.window.toolbar import Toolbar

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QCloseEvent, QHideEvent, QKeyEvent, QShowEvent

    from truthline.aws.connection import Connection
    from truthline.images.thumbnails import Thumbnails
    from truthline.progress import Progress
    from truthline.settings import Settings
    from truthline.sync.service.endpoints import Reach
    from truthline.ui.kit.jobs import Jobs
    from truthline.ui.window.dataset_commands import DatasetCommands
    from truthline.ui.window.workbench import Workbench
    from truthline.workspace.workspace import Workspace

_WHY_TO_EXPORT = "A manifest names images by their S3 address."


class MainWindow(QMainWindow):
    """One window, one workspace at a time.

    Args:
        jobs: the lanes that all work runs on.
        settings: what is remembered.
        thumbnails: gives the disk cache; called when the first workspace is opened.
        given: what the command line said of AWS, which holds for whatever is opened.

    """

    appearance_wanted = Signal(bool)
    """True for dark, False for light."""
    document_opened = Signal(QWidget)
    """The `Workbench` of a workspace that was opened."""

    def __init__(
        self,
        jobs: Jobs,
        settings: Settings,
        thumbnails: Callable[[], Thumbnails],
        given: Connection | None = None,
    ) -> None:
        super().__init__()
        self._access = Access(settings, given, jobs, self)
        self._jobs = jobs
        self._settings = settings
        self._thumbnails = thumbnails
        self.bench: Workbench | None = None
        self._incoming = Incoming(self._make_bench, self._show_bench, self)
        self._commands: DatasetCommands | None = None
        self._may_close = False
        self.opener = Opener(jobs, self, prepare=_load_workbench)
        self.opener.opened.connect(lambda one: self._receive(one.workspace, self.opener.over))
        tell_failures(self.opener, self.complain, self)
        self.opener.working.connect(self._show_opening)
        self.opener.ended.connect(self._show_opening)
        self.sample = SampleRunner(jobs, self)
        self.sample.ready.connect(lambda wish: self.opener.open(self._access.lent(wish)))
        self.sample.failed.connect(self.complain)
        self.sample.working.connect(self._show_opening)
        self.sample.ended.connect(self._show_opening)
        self.files = FileCommands(
            self,
            jobs,
            self._access,
            self.sample,
            bench=lambda: self.bench,
            open_=self.open,
            complain=self.complain,
        )
        self.actions_by_name = Actions(self, self._handlers())
        self._stack = QStackedWidget(self)
        self.welcome = Welcome(self._stack)
        self.welcome.way_chosen.connect(lambda name: self.actions_by_name[name].trigger())
        self.welcome.recent_chosen.connect(self.open)
        self.welcome.cancelled.connect(self._cancel_opening)
        self.welcome.show_recent(settings.get("recent"))
        self._stack.addWidget(self.welcome)
        self.setCentralWidget(self._stack)
        self._toast = Toast(self.welcome)
        self._add_digit_keys()
        self._build_menus()
        self._toolbar = Toolbar(self.actions_by_name)
        self._toolbar.search.searched.connect(lambda _text: self._apply_search())
        self.addToolBar(self._toolbar)
        self.setWindowTitle("Truthline")
        self.setMinimumSize(480, 320)
        self._restore_window()
        self._update_actions()

    # ways in

    def open(self, text: str, connection: Connection | None = None) -> None:
        """Open anything that `recognise` knows."""
        try:
            recognise(text)
        except TruthlineError as error:
            self.complain(error)
        else:
            self.open_wish(self._access.wish(text, connection))

    def open_wish(self, wish: Wish) -> None:
        """Open what is described in full, unless it is open already."""
        if self.bench is not None and leads_to(wish, self.bench.document.workspace.path):
            return
        self._leave(lambda: self.opener.open(self._access.remembered(wish)))

    def open_sample(self) -> None:
        """Open the sample dataset in an emulator of its own."""
        self._leave(self._open_sample)

    def _open_sample(self) -> None:
        self.close_workspace()
        self.sample.start()

    def show_workspace(self, workspace: Workspace) -> None:
        """Put an open workspace into the window, in place of the one before."""
        self._receive(workspace)
        self._incoming.finish()

    def _receive(self, workspace: Workspace, over: Connection | None = None) -> None:
        self._close_bench()
        self._incoming.receive(workspace, self._access.reach(over))

    def _make_bench(self, workspace: Workspace, reach: Reach) -> Workbench:
        from truthline.ui.window.workbench import Workbench

        return Workbench(workspace, self._jobs, self._thumbnails(), reach, self._stack)

    def _show_bench(self, bench: Workbench) -> None:
        from truthline.ui.window.dataset_commands import DatasetCommands

        workspace = bench.document.workspace
        self.bench = bench
        self._stack.addWidget(bench)
        self._stack.setCurrentWidget(bench)
        bench.room.restore(self._settings.get("layout"))
        bench.gallery.set_side(self._settings.get("thumbnail_size"))
        bench.counted.connect(self._show_count)
        bench.commands_changed.connect(self._update_actions)
        bench.image.class_wanted.connect(self._ask_for_label)
        commands = self._commands = DatasetCommands(bench, self)
        is_sample = self.sample.holds(workspace.path)
        self.setWindowTitle(f"{SAMPLE_NAME if is_sample else workspace.info.name} — Truthline")
        if not is_sample:  # which goes with its emulator
            self._settings.remember(str(workspace.path))
            self._settings.save()
        self._toolbar.search.clear()
        self._toolbar.search.fallback = bench.main_view
        bench.room.fit(self.size(), arranged=bool(self._settings.get("layout")))
        bench.dataset.set_visible(self._can_be_seen())
        bench.upkeep.bound_undo(
            days=self._settings.get("undo_days"), megabytes=self._settings.get("undo_megabytes")
        )
        commands.start()
        bench.start()
        self._update_actions()
        self.document_opened.emit(bench)

    def _leave(self, then: Callable[[], None]) -> None:
        """Do what closes the open workspace; of the sample it is asked first whether the work shall stay."""
        if self.bench is None or not self._would_lose_work():
            then()
            return
        from truthline.ui.start.sample_question import SampleQuestion

        question = SampleQuestion(self.bench.document, self._jobs, self)
        question.kept.connect(self._settings.remember)
        question.failed.connect(self.complain)
        question.ask(then)

    def _would_lose_work(self) -> bool:
        if self.bench is None or not self.sample.holds(self.bench.document.workspace.path):
            return False
        from truthline.ui.start.sample_question import was_worked_on

        return was_worked_on(self.bench.document)

    def close_workspace(self) -> None:
        """Close what is open and show the ways in."""
        self._close_bench()
        self.welcome.show_recent(self._settings.get("recent"))
        self._stack.setCurrentWidget(self.welcome)
        self.setWindowTitle("Truthline")
        self._show_count()
        self._update_actions()

    def restyle(self) -> None:
        """Draw everything anew in another appearance."""
        self.actions_by_name.refresh_icons()
        if self.bench is not None:
            self.bench.restyle()
        self._update_actions()

    # what the actions do

    def _handlers(self) -> dict[str, Callable[[], object]]:
        def bench(call: Callable[[Workbench], object]) -> Callable[[], object]:
            return lambda: call(self.bench) if self.bench is not None else None

        def commands(call: Callable[[DatasetCommands], object]) -> Callable[[], object]:
            return lambda: call(self._commands) if self._commands is not None else None

        return {
            "open_folder": self.files.open_folder,
            "open_file": self.files.open_file,
            "open_prefix": partial(self.files.open_address, SourceKind.S3_PREFIX, "Open S3 Prefix"),
            "open_dataset": partial(self.files.open_address, SourceKind.DATASET, "Open Dataset"),
            "open_sample": self.open_sample,
            "export": commands(lambda c: c.folder.with_address(_WHY_TO_EXPORT, self.files.export)),
            "address": commands(lambda c: c.folder.change_address()),
            "left_out": commands(lambda c: c.folder.show_left_out()),
            "import_labels": self.files.import_labels,
            "export_labels": self.files.export_labels,
            "close": lambda: self._leave(self.close_workspace),
            "quit": self.close,
            "undo": bench(lambda b: b.document.undo()),
            "redo": bench(lambda b: b.document.redo()),
            "select_all": bench(lambda b: b.select_all()),
            "delete_boxes": bench(lambda b: b.image.canvas.delete_selected()),
            "find": lambda: self._toolbar.search.take_focus(),  # noqa: PLW0108 (made after the actions)
            "show_gallery": bench(lambda b: b.show_gallery()),
            "show_image": bench(lambda b: b.show_image()),
            "zoom_in": bench(lambda b: b.zoom(1)),
            "zoom_out": bench(lambda b: b.zoom(-1)),
            "zoom_fit": bench(lambda b: b.image.canvas.fit()),
            "zoom_actual": bench(lambda b: b.image.canvas.zoom_to(1.0)),
            "toggle_filters": bench(lambda b: self._toggle(b.filters)),
            "toggle_side": bench(lambda b: self._toggle(b.side)),
            "toggle_drawer": bench(lambda b: self._toggle(b.drawer)),
            "dark": lambda: self.appearance_wanted.emit(not theme.tokens().dark),
            "next": bench(lambda b: b.browser.step(1)),
            "previous": bench(lambda b: b.browser.step(-1)),
            "next_unlabelled": bench(lambda b: b.next_unlabelled()),
            "draw": bench(lambda b: b.image.canvas.set_drawing(not b.image.canvas.drawing)),
            "select_tool": bench(lambda b: b.image.canvas.set_drawing(False)),
            "next_problem": bench(lambda b: b.problems.step(1)),
            "previous_problem": bench(lambda b: b.problems.step(-1)),
            "add_label": self._ask_for_label,
            "rename_label": bench(lambda b: b.commands.ask_rename(b.labels.current)),
            "merge_label": bench(lambda b: b.commands.ask_merge(b.labels.current)),
            "colour_label": bench(lambda b: b.commands.ask_colour(b.labels.current)),
            "delete_label": bench(lambda b: b.commands.ask_delete(b.labels.current)),
            "attributes": bench(lambda b: b.commands.ask_attributes()),
            "push": bench(lambda b: b.dataset.push()),
            "pull": bench(lambda b: b.dataset.pull()),
            "resolve": commands(lambda c: c.resolve()),
            "history": commands(lambda c: c.show_history()),
            "remove_images": commands(lambda c: c.remove_images()),
            "projects": self.files.show_projects,
            "refresh": commands(lambda c: c.refresh()),
            "training": commands(lambda c: c.show_training()),
            "connect": commands(lambda c: c.connect_to_dataset()),
            "keys": self._show_keys,
            "about": self._about,
        }

    def _ask_for_label(self) -> None:
        bench = self.bench
        if bench is not None:
            if bench.side.isHidden():
                self._toggle(bench.side)
            bench.labels.focus_field()

    def _show_keys(self) -> None:
        from truthline.ui.kit.key_list import KeysDialog

        KeysDialog(self).open()

    def _about(self) -> None:
        from truthline.ui.kit.mistakes.about import AboutDialog

        AboutDialog(self).open()

    def _toggle(self, panel: QWidget) -> None:
        panel.setVisible(panel.isHidden())
        self._update_actions()

    # the window itself

    def _build_menus(self) -> None:
        self.actions_by_name.fill(self.menuBar())
        recent = QMenu(self)
        recent.aboutToShow.connect(lambda: self._fill_recent(recent))
        self.actions_by_name["recent"].setMenu(recent)

    def _fill_recent(self, menu: QMenu) -> None:
        menu.clear()
        for text in self._settings.get("recent"):
            menu.addAction(text.replace("&", "&&"), partial(self.open, text))

    def _add_digit_keys(self) -> None:
        def act(digit: str, *, here: bool) -> None:
            if self.bench is not None and (name := self.bench.colours.at_digit(digit)):
                (self.bench.selection.toggle_here if here else self.bench.selection.give)(name)

        plain = {digit: partial(act, digit, here=False) for digit in DIGITS}
        KeyFilter(self, plain | {f"Shift+{digit}": partial(act, digit, here=True) for digit in DIGITS})

    def _update_actions(self) -> None:
        bench, actions = self.bench, self.actions_by_name
        actions.enable(states_of(bench))
        self._toolbar.search.setEnabled(bench is not None)
        actions["dark"].setChecked(theme.tokens().dark)
        name_commands(actions, bench)
        check_commands(actions, bench)

    def _apply_search(self) -> None:
        wanted = self._toolbar.search.text()
        if self.bench is not None and wanted != self.bench.browser.filter.text:
            self.bench.browser.set_filter(replace(self.bench.browser.filter, text=wanted))

    def _show_count(self) -> None:
        bench, told = self.bench, ""
        if bench is not None and bench.counts is not None:
            browser = bench.browser
            told = told_selection(browser.selection.count, browser.model.rowCount(), bench.counts.total)
        self._toolbar.show_count(told)

    def _show_opening(self, progress: Progress | None = None) -> None:
        if progress is not None and self._stack.currentWidget() is not self.welcome:
            self._stack.setCurrentWidget(self.welcome)
        if progress is None and self.bench is not None:
            self._stack.setCurrentWidget(self.bench)
        self.welcome.show_progress(progress)

    def _cancel_opening(self) -> None:
        self.opener.cancel()
        self.sample.cancel()

    def complain(self, error: Exception) -> None:
        """Say what went wrong, over whatever is shown."""
        toast = self.bench.toast if self.bench is not None else self._toast
        toast.complain(str(error))

    def _close_bench(self) -> None:
        self._incoming.close()
        bench, self.bench = self.bench, None
        commands, self._commands = self._commands, None
        if bench is None or commands is None:
            return
        commands.close()
        self._settings.set("layout", bench.room.saved())
        self._settings.set("thumbnail_size", bench.gallery.side)
        bench.document.save_failed.connect(self.complain)  # the bench's own toast goes with it
        bench.close_document()
        if self.sample.holds(bench.document.workspace.path):
            self.sample.end()
        self._stack.removeWidget(bench)
        bench.deleteLater()

    def _restore_window(self) -> None:
        saved = self._settings.get("window")
        if not saved or not self.restoreGeometry(QByteArray.fromBase64(saved.encode())):
            fit_window(self, 1280, 820)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.bench is not None and self.bench.in_image_mode:
            self.bench.image.canvas.escape()  # the focus is in a panel beside the image
            return
        super().keyPressEvent(event)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._tell_visible()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tell_visible()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tell_visible()

    def _tell_visible(self) -> None:
        if self.bench is not None:
            self.bench.dataset.set_visible(self._can_be_seen())

    def _can_be_seen(self) -> bool:
        return self.isVisible() and not self.isMinimized()

    def end(self) -> None:
        """Close the window without asking anything."""
        self._may_close = True
        self.close()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_close and self._would_lose_work():
            event.ignore()
            self._leave(self.end)
            return
        self.hide()
        self._access.codes.close()
        self._cancel_opening()
        self._settings.set("window", bytes(self.saveGeometry().toBase64().data()).decode("ascii"))
        self._close_bench()
        self._settings.save()
        event.accept()


def _load_workbench() -> None:
    """Load the panels of a workspace, off the GUI thread: the window is seen before that."""
    import truthline.ui.exchange.dialogs
    import truthline.ui.window.dataset_commands
    import truthline.ui.window.workbench  # noqa: F401
