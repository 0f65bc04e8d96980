"""Whom the window contacts: only whom the command line, a dialog or an answer names."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog, QMessageBox

from truthline.aws.connection import Connection
from truthline.manifest.edit import new_annotation
from truthline.progress import CancelToken
from truthline.sync.opening.opening import create_workspace
from truthline.sync.opening.sources import recognise
from truthline.ui.connect.connection import ConnectionDialog
from truthline.ui.connect.endpoint import EndpointQuestion
from truthline.ui.projects.dialog import ProjectsDialog
from truthline.workspace.workspace import NewEntry, Workspace, WorkspaceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from truthline.emulator import Emulator

OK = QDialogButtonBox.StandardButton.Ok
ELSEWHERE = "arn:aws:rekognition:us-east-1:123456789012:project/other/dataset/train/1700000000000"


class SocketGuard:
    """Refuses, and notes, what is contacted beside 127.0.0.1 at one port; no other name is even looked up."""

    def __init__(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._only = ("127.0.0.1", int(url.rpartition(":")[2]))
        self.refused: list[object] = []
        self.aws_is_meant = False
        self.allowed = 0
        for owner, name in ((socket.socket, "connect"), (socket.socket, "connect_ex")):
            monkeypatch.setattr(owner, name, self._guarded(getattr(owner, name), of_socket=True))
        monkeypatch.setattr(socket, "getaddrinfo", self._guarded(socket.getaddrinfo, of_socket=False))

    def _guarded(self, call: Callable[..., Any], *, of_socket: bool) -> Callable[..., Any]:
        def checked(*args: Any, **more: Any) -> Any:
            place = args[1] if of_socket else args[:2]
            if isinstance(place, tuple) and place[:2] != self._only:
                self.refused.append(place)
                raise OSError(f"nobody may contact {place}")
            self.allowed += of_socket
            return call(*args, **more)

        return checked


@pytest.fixture
def guard(service: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[SocketGuard]:
    made = SocketGuard(service.connection.endpoint_url, monkeypatch)
    yield made
    assert made.refused == [] or made.aws_is_meant


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch, start: Any) -> None:
    """Nothing but the command line leads to the emulator, and the metadata service of EC2 may be asked."""
    for name in ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.delenv(name)


@pytest.fixture
def user(start: Any, no_variables: None, service: Any, dataset: str, guard: SocketGuard) -> Iterator[Any]:
    """Somebody who gave ``--endpoint-url`` and ``--region``, and opened nothing."""
    with start(Connection(region="us-east-1", endpoint_url=service.connection.endpoint_url)) as somebody:
        yield somebody
        somebody.settle()


@pytest.fixture
def foreign(tmp_path: Path, manifest: Path, emulator: Emulator) -> Path:
    """A workspace from somebody else, which names the emulator as its endpoint."""
    return foreign_workspace(tmp_path, manifest, emulator.endpoint_url)


def foreign_workspace(folder: Path, manifest: Path, url: str) -> Path:
    path = folder / "foreign.truthline"
    info = WorkspaceInfo("foreign", ELSEWHERE, region="us-east-1", endpoint_url=url)
    with Workspace.create(path, info) as workspace:
        workspace.append(NewEntry(line) for line in manifest.read_bytes().splitlines())
    return path


def fill(user: Any, field: Any, text: str) -> None:
    field.setFocus()
    field.selectAll()
    user.qtbot.keyClicks(field, text)


def press(user: Any, box: Any, text: str) -> None:
    user.click(next(one for one in box.buttons() if one.text().replace("&", "") == text))
    user.activate()


def ready(user: Any) -> None:
    """The images were asked for, where they are said to be."""
    user.opened()
    bench = user.bench
    user.wait(lambda: bench.dataset.access.aws is not None)
    user.settle()


# the command line holds, whatever is opened


def test_a_folder(user: Any, photos: Path, guard: SocketGuard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(photos))
    user.trigger("open_folder")
    ready(user)
    user.trigger("refresh")
    user.settle()


def test_a_manifest_whose_images_are_in_s3(
    user: Any, manifest: Path, tmp_path: Path, guard: SocketGuard
) -> None:
    copied = tmp_path / "parts.manifest"
    copied.write_bytes(manifest.read_bytes())
    before = guard.allowed
    user.window.open(str(copied))
    ready(user)
    user.open_image("fig.jpg")
    assert guard.allowed > before


@pytest.mark.parametrize("recent", [False, True])
def test_a_workspace_that_knows_another_region_and_no_endpoint(
    user: Any, manifest: Path, tmp_path: Path, guard: SocketGuard, recent: bool
) -> None:
    path = tmp_path / "work.truthline"
    with Workspace.create(path, WorkspaceInfo("work", region="eu-north-1")) as workspace:
        workspace.append(NewEntry(line) for line in manifest.read_bytes().splitlines())
    if recent:
        user.window._settings.remember(str(path))
        user.window.welcome.show_recent([str(path)])
        user.window.welcome.recent_chosen.emit(str(path))
    else:
        user.window.open(str(path))
    ready(user)
    connection = user.bench.dataset.access.connection
    assert connection == Connection(region="us-east-1", endpoint_url=connection.endpoint_url)
    assert connection.endpoint_url
    user.open_image("fig.jpg")


def test_a_dataset(user: Any, dataset: str, guard: SocketGuard) -> None:
    user.trigger("open_dataset")
    dialog = user.dialog(ConnectionDialog)
    fill(user, dialog.address, dataset)
    with user.qtbot.waitSignal(dialog.checked, timeout=20_000):
        user.click(dialog.check_button)
    user.click(dialog.buttons.button(OK))
    ready(user)
    user.wait(lambda: "17 images" in user.status)


def test_an_s3_prefix(user: Any, dataset: str, guard: SocketGuard) -> None:
    user.trigger("open_prefix")
    dialog = user.dialog(ConnectionDialog)
    fill(user, dialog.address, "s3://truthline-sample/photos/")
    user.click(dialog.buttons.button(OK))
    ready(user)
    assert user.bench.browser.model.rowCount() == 17


def test_the_projects_without_anything_open(user: Any, guard: SocketGuard) -> None:
    user.trigger("projects")
    dialog = user.dialog(ProjectsDialog)
    user.wait(lambda: len(dialog.tree.projects) == 1)
    dialog.reject()


def test_the_projects_of_what_is_open(user: Any, dataset: str, photos: Path, guard: SocketGuard) -> None:
    user.window.open(dataset)
    ready(user)
    user.trigger("projects")
    dialog = user.dialog(ProjectsDialog)
    user.wait(lambda: len(dialog.tree.projects) == 1)
    dialog.reject()


def test_without_credentials_no_metadata_service_is_asked(
    user: Any, dataset: str, guard: SocketGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    user.window.open(dataset)
    user.wait(lambda: "no AWS credentials" in user.toast())


def test_a_dialog_counts_before_the_command_line_and_before_the_workspace(
    user: Any, dataset: str, service: Any, guard: SocketGuard
) -> None:
    user.window.open(dataset)
    ready(user)
    user.trigger("close")
    user.window.open(dataset, Connection(profile="", region="us-east-1"))
    bench = user.opened()
    assert bench.dataset.access.connection.endpoint_url == ""
    assert bench.document.workspace.info.endpoint_url == ""
    user.settle()
    assert guard.refused
    guard.aws_is_meant = True  # and asked for images until the window is closed


CHILD = """
import sys
from pathlib import Path
url, folder, source = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
only, refused, allowed = ("127.0.0.1", int(url.rpartition(":")[2])), [], []
def guard(event, args):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
        place = args[:2] if event == "socket.getaddrinfo" else args[1]
        if isinstance(place, tuple) and place[:2] != only:
            refused.append(place)
            raise OSError("nobody may contact this")
        allowed.append(place)
sys.addaudithook(guard)
import platformdirs
platformdirs.user_config_dir = platformdirs.user_cache_dir = lambda name: str(folder / name)
from PySide6.QtCore import QTimer
from truthline.__main__ import main
from truthline.ui import app
class Watched(app.App):
    def __init__(self, *given):
        super().__init__(*given)
        QTimer.singleShot(60_000, self.window.close)
        self.look()
    def look(self):
        bench = self.window.bench
        if bench is None or bench.dataset.state.description is None or not self.jobs.idle:
            QTimer.singleShot(50, self.look)
        else:
            total = bench.dataset.state.description.stats.total
            print("SEEN", total, bench.browser.model.rowCount(), flush=True)
            self.window.close()
app.App = Watched
code = main(["--endpoint-url", url, "--region", "us-east-1", source])
print("REFUSED", refused, "ALLOWED", len(allowed) > 0, flush=True)
sys.exit(code)
"""


def test_the_program_itself(service: Any, dataset: str, manifest: Path, tmp_path: Path) -> None:
    """The real program with its window, from its command line on: a workspace that names no endpoint."""
    path = tmp_path / "work.truthline"
    with create_workspace(
        path, recognise(dataset), connection=service.connection, cancel=CancelToken()
    ) as made:
        made.set_dataset(dataset, profile="", region="eu-north-1", endpoint_url="", seen_updated="")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    words = [service.connection.endpoint_url, str(tmp_path), str(path)]
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, *words], capture_output=True, text=True, env=environment, check=False
    )
    assert "SEEN 17 17" in ended.stdout, ended.stderr
    assert "REFUSED [] ALLOWED True" in ended.stdout
    assert ended.returncode == 0


# an endpoint that stands in a file


@pytest.fixture
def stranger(start: Any, no_variables: None, service: Any) -> Iterator[Any]:
    """Somebody who never chose an endpoint here."""
    service.emulator.requests.clear()
    with start() as somebody:
        yield somebody


def test_an_endpoint_in_a_file_is_asked_about_before_the_first_request(
    stranger: Any, foreign: Path, emulator: Emulator
) -> None:
    stranger.open(str(foreign))
    question = stranger.dialog(EndpointQuestion)
    assert question.textFormat() == Qt.TextFormat.PlainText
    assert emulator.endpoint_url in question.text()
    assert question.defaultButton().text() == "Work Offline"
    stranger.bench.dataset.refresh()
    stranger.settle()
    assert emulator.requests == []
    press(stranger, question, "Work Offline")
    stranger.go_to("fig.jpg")
    stranger.key(Qt.Key.Key_Return)
    stranger.wait(lambda: stranger.bench.in_image_mode)
    stranger.settle()
    assert emulator.requests == []
    assert emulator.endpoint_url in stranger.status


def test_no_leaves_the_workspace_to_be_worked_on(stranger: Any, foreign: Path, emulator: Emulator) -> None:
    bench = stranger.open(str(foreign))
    stranger.dialog(EndpointQuestion).close()
    stranger.activate()
    entry_id = stranger.go_to("fig.jpg")
    bench.gallery.setFocus()
    stranger.key(stranger.digit_of("outdoor"))
    stranger.settle()
    assert stranger.class_labels(entry_id) == ["outdoor"]
    stranger.trigger("push")  # which asks anew
    press(stranger, stranger.dialog(EndpointQuestion), "Work Offline")
    stranger.trigger("pull")
    press(stranger, stranger.dialog(EndpointQuestion), "Work Offline")
    stranger.trigger("connect")
    dialog = stranger.dialog(ConnectionDialog)
    assert dialog.endpoint.text() == ""
    dialog.reject()
    stranger.settle()
    assert emulator.requests == []


def test_yes_is_remembered(start: Any, no_variables: None, service: Any, foreign: Path) -> None:
    service.emulator.requests.clear()
    with start() as somebody:
        somebody.open(str(foreign))
        press(somebody, somebody.dialog(EndpointQuestion), "Use This Address")
        somebody.wait(lambda: service.emulator.requests)
        somebody.settle()
    with start() as somebody:
        bench = somebody.open(str(foreign))
        somebody.wait(lambda: bench.dataset.access.aws is not None)
        assert not somebody.window.findChildren(EndpointQuestion)
        somebody.settle()


def test_what_the_command_line_chose_is_not_asked_about_later(
    start: Any, no_variables: None, service: Any, foreign: Path
) -> None:
    with start(service.connection):
        pass
    with start() as somebody:
        bench = somebody.open(str(foreign))
        somebody.wait(lambda: bench.dataset.access.aws is not None)
        somebody.settle()


def test_the_projects_of_such_a_workspace_are_not_asked_there(
    stranger: Any, foreign: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger.open(str(foreign))
    press(stranger, stranger.dialog(EndpointQuestion), "Work Offline")
    connection = stranger.bench.dataset.access.connection
    assert connection.endpoint_url == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://rekognition.us-east-1.amazonaws.com@evil.example",
        "https://evil.example\\@rekognition.us-east-1.amazonaws.com",
        "<b>http://evil.example</b>",
    ],
)
def test_what_is_no_address_cannot_be_agreed_to(
    stranger: Any, tmp_path: Path, manifest: Path, emulator: Emulator, url: str
) -> None:
    stranger.open(str(foreign_workspace(tmp_path, manifest, url)))
    question = stranger.dialog(EndpointQuestion)
    assert url in question.text()
    assert [one.text() for one in question.buttons()] == ["Work Offline"]
    press(stranger, question, "Work Offline")


def test_the_sample_is_not_asked_about(start: Any, no_variables: None) -> None:
    with start() as somebody:
        somebody.trigger("open_sample")
        somebody.wait(lambda: somebody.window.bench is not None, 60)
        bench = somebody.opened()
        somebody.wait(lambda: bench.dataset.access.aws is not None)
        somebody.settle()
        assert not somebody.window.findChildren(EndpointQuestion)
        assert somebody.window._settings.get("endpoints") == []
        somebody.trigger("close")
        somebody.settle()


# an upload


def test_an_upload_names_folder_and_bucket_before_the_first_byte(
    user: Any, service: Any, tmp_path: Path, photos: Path, guard: SocketGuard
) -> None:
    """Both stand in the workspace, which may be somebody else's."""
    service.aws.s3.create_bucket("elsewhere")
    path = tmp_path / "theirs.truthline"
    info = WorkspaceInfo("theirs", images_dir=str(photos), target="s3://elsewhere/x")
    with Workspace.create(path, info) as workspace:
        workspace.append([NewEntry(new_annotation("s3://elsewhere/x/fig.jpg").raw)])
    project = service.aws.rekognition.create_project("theirs")
    arn = service.aws.rekognition.create_dataset(project, "TRAIN")
    user.window.open(str(path))
    ready(user)
    user.bench.dataset.connect_to(service.connection, arn)
    user.wait(lambda: not user.bench.dataset.busy)
    user.settle()
    user.trigger("push")
    box = user.dialog(QMessageBox)
    assert f"from the folder {photos} to the bucket elsewhere" in box.informativeText()
    assert service.keys(bucket="elsewhere") == set()
    press(user, box, "Cancel")
    user.settle()
    assert service.keys(bucket="elsewhere") == set()
