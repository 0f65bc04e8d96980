"""What a person does with the open workspace's dataset: the questions asked before, what is told after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from truthline.errors import UnknownEndpointError
from truthline.sync.opening.sources import SourceKind
from truthline.sync.rebuild.rebuild import unfinished_rebuild
from truthline.ui.conflicts.dialog import ConflictsDialog
from truthline.ui.connect.connection import ConnectionDialog
from truthline.ui.connect.endpoint import EndpointQuestion
from truthline.ui.dataset.notification import Notifier
from truthline.ui.dataset.outcomes import pull_words, push_told
from truthline.ui.dataset.training import TrainingDialog, problems_of_all
from truthline.ui.dataset.upload_question import ask_for_upload
from truthline.ui.rebuild.first_push import ManifestPushDialog
from truthline.ui.rebuild.removal import ContinueRebuildDialog, RemovalDialog
from truthline.ui.start.folder_facts import FolderFacts
from truthline.words import counted
from truthline.workspace.changes import Changes
from truthline.workspace.workspace import Filter

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDialog, QWidget

    from truthline.sync.pull.pull import PullResult
    from truthline.sync.push.push import PushResult
    from truthline.sync.push.route import Route
    from truthline.sync.rebuild.rebuild import Rebuilt
    from truthline.sync.service.verdict import Verdict
    from truthline.ui.window.workbench import Workbench

_SELECTED_AT_MOST = 10_000


class DatasetCommands(QObject):
    """The dataset's commands of one workbench; dialogs belong to ``window``."""

    def __init__(self, bench: Workbench, window: QWidget) -> None:
        super().__init__(bench)
        self._bench = bench
        self._window = window
        self._dataset = bench.dataset
        self._workspace = bench.document.workspace
        self._conflicts: QDialog | None = None
        self._question: EndpointQuestion | None = None
        self._connected = False
        self.notifier = Notifier(bench.dataset, window)
        self.folder = FolderFacts(bench.document, bench.toast, window)
        self.folder.placed.connect(self._follow_placed)
        self.folder.failed.connect(lambda error: bench.toast.complain(str(error)))
        dataset, bar = bench.dataset, bench.bar
        dataset.uploads_needed.connect(
            lambda found: ask_for_upload(found, self._workspace.info.images_dir, dataset, window)
        )
        dataset.manifest_offered.connect(self._offer_manifest)
        dataset.pushed.connect(self._tell_pushed)
        dataset.pulled.connect(self._tell_pulled)
        dataset.connected.connect(self._note_connected)
        dataset.push_queued.connect(self._tell_queued)
        dataset.failed.connect(self._ask_about_endpoint)
        bar.connect_wanted.connect(self.connect_to_dataset)
        bar.push_wanted.connect(dataset.push)
        bar.pull_wanted.connect(dataset.pull)
        bar.resolve_wanted.connect(self.resolve)
        bar.command_copied.connect(lambda: bench.toast.say("The command was copied. Run it in a terminal."))
        dataset.state_changed.connect(bench.history.show_state)
        bench.history.entry_wanted.connect(self._go_to)

    def start(self) -> None:
        """Ask what must be asked first, tell of files left out, offer to go on with work left half done."""
        self._ask_about_endpoint()
        self._bench.filler.ended.connect(self.folder.tell)
        sentence = unfinished_rebuild(self._workspace)
        if sentence:
            self._bench.toast.warn(sentence, action="Continue…", act=self._continue_rebuild)

    def close(self) -> None:
        """Close what reads the workspace."""
        self.notifier.close()
        for dialog in (self._conflicts, self._question):
            if dialog is not None:
                dialog.close()

    # what a person asks for

    def refresh(self) -> None:
        """Ask for the dataset's status, and a person for what that takes."""
        self._dataset.access.ask_again()
        self._ask_about_endpoint()
        self._dataset.refresh()

    def connect_to_dataset(self) -> None:
        """Ask which dataset the workspace shall belong to."""
        self.folder.with_address("A dataset names images by their S3 address.", self._ask_for_dataset)

    def _ask_for_dataset(self) -> None:
        info = self._workspace.info
        dialog = ConnectionDialog(
            self._bench.document.jobs,
            SourceKind.DATASET,
            "Connect to a Dataset",
            self._dataset.access.connection,
            self._window,
        )
        dialog.address.setText(info.dataset_arn)

        def accepted() -> None:
            self._dataset.access.choose(dialog.connection.endpoint_url)
            self._dataset.connect_to(dialog.connection, dialog.text)

        dialog.accepted.connect(accepted)
        _open(dialog)

    def resolve(self) -> None:
        """Show what somebody else changed too."""
        if self._conflicts is None:
            bench = self._bench
            dialog = ConflictsDialog(bench.document, bench.pictures, bench.colours, self._window)
            dialog.destroyed.connect(self._forget_conflicts)
            self._conflicts = dialog
        self._conflicts.show()
        self._conflicts.raise_()
        self._conflicts.activateWindow()

    def remove_images(self) -> None:
        """Ask how the selected images shall leave the dataset."""
        ids = self._bench.browser.selected
        if not ids:
            self._bench.toast.say("Select the images first that the dataset shall be without.")
            return
        dialog = RemovalDialog(self._bench.document, ids, self._dataset.signed_in, self._window)
        dialog.rebuilt.connect(self._follow_rebuilt)
        dialog.arn_changed.connect(self._dataset.show_dataset)
        dialog.removed.connect(self._relist)
        _open(dialog)

    def show_training(self) -> None:
        """Load what a training said of the lines."""
        dialog = TrainingDialog(self._bench.document, self._dataset.signed_in, self._window)
        dialog.loaded.connect(self._keep_verdict)
        dialog.open()

    def _keep_verdict(self, verdict: Verdict) -> None:
        self._bench.problems.show_whole(list(problems_of_all(verdict)))
        self._bench.show_panel(self._bench.problems)

    def _ask_about_endpoint(self, because: Exception | None = None) -> None:
        """Ask whether the endpoint that the workspace names may be asked, unless that is known."""
        url = self._dataset.access.unknown_endpoint
        if not url or self._question is not None or not isinstance(because, UnknownEndpointError | None):
            return
        question = self._question = EndpointQuestion(self._workspace.info.name, url, self._window)

        def answered(_result: int) -> None:
            self._question = None
            if question.allowed:
                self._dataset.access.choose(url)
                self._dataset.refresh()

        question.finished.connect(answered)
        question.open()

    # what is told

    def _offer_manifest(self, route: Route) -> None:
        dialog = ManifestPushDialog(self._bench.document, route, self._dataset.signed_in, self._window)
        dialog.created.connect(self._follow_rebuilt)
        dialog.arn_changed.connect(self._dataset.show_dataset)
        dialog.updates_wanted.connect(self._dataset.push_by_updates)
        _open(dialog)

    def _continue_rebuild(self) -> None:
        dialog = ContinueRebuildDialog(self._bench.document, self._dataset.signed_in, self._window)
        dialog.rebuilt.connect(self._follow_rebuilt)
        dialog.arn_changed.connect(self._dataset.show_dataset)
        _open(dialog)

    def _follow_rebuilt(self, rebuilt: Rebuilt) -> None:
        """The workspace belongs to a new dataset now, and perhaps lost entries."""
        self._relist()
        self._dataset.show_dataset(rebuilt.arn)
        self._bench.toast.say(f"The dataset was created anew, with {counted(rebuilt.entries, 'image')}.")

    def _follow_placed(self, changes: Changes) -> None:
        self._bench.document.absorb(changes)
        self._bench.read_anew()
        self._bench.browser.set_filter(self._bench.browser.filter)

    def _relist(self) -> None:
        self._bench.document.forget_steps()
        self._bench.document.absorb(Changes(everything=True, info=True))
        self._bench.browser.set_filter(self._bench.browser.filter)

    def _tell_pushed(self, result: PushResult) -> None:
        sentences, fine = push_told(result)
        toast = self._bench.toast
        tell = toast.say if fine else (toast.complain if result.error is not None else toast.warn)
        if result.conflicts:
            tell(sentences, action="Resolve…", act=self.resolve)
        elif result.dropped or result.stored_differently:
            tell(sentences, action="Show history", act=self.show_history)
        elif result.refused or result.remote_errors:
            tell(sentences, action="Show problems", act=self._show_problems)
        else:
            tell(sentences)

    def _tell_pulled(self, result: PullResult) -> None:
        toast = self._bench.toast
        connected, self._connected = self._connected, False
        if result.added:
            self._bench.browser.set_filter(self._bench.browser.filter)  # new entries are listed
        if result.conflicts:
            toast.warn(pull_words(result), action="Resolve…", act=self.resolve)
        elif result.error is not None:
            toast.complain(pull_words(result))
        elif not result.came:
            if not connected:
                toast.say("Nothing new: the workspace knows all that the dataset holds.")
        else:
            came = result.came[:_SELECTED_AT_MOST]
            toast.say(
                pull_words(result),
                action="Show them",
                act=lambda: self._bench.browser.set_filter(Filter(entries=came)),
            )

    def _note_connected(self, _arn: str) -> None:
        self._connected = True  # the pull that follows need not say that it found nothing

    def _tell_queued(self, _problem: object) -> None:
        self._bench.toast.say("The push waits, and starts by itself once the service answers again.")

    def _show_problems(self) -> None:
        self._bench.show_panel(self._bench.problems)
        self._bench.problems.view.setFocus()

    def show_history(self) -> None:
        """Show the pushes."""
        self._bench.show_panel(self._bench.history)

    def _go_to(self, source_ref: str) -> None:
        entry_id = self._workspace.find(source_ref)
        if entry_id is not None:
            self._bench.browser.go_to(entry_id)

    def _forget_conflicts(self) -> None:
        self._conflicts = None


def _open(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
