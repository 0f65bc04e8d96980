"""`truthline emulator` and `truthline demo`, as programs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from present import present
from truthline import demo
from truthline.aws.connection import Connection
from truthline.aws.session import connect
from truthline.errors import ServiceError, UsageError
from truthline.progress import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from truthline.emulator.service import Emulator


@pytest.fixture
def serve() -> Iterator[Callable[..., Any]]:
    """Starts `truthline emulator`; gives the process and its first line."""
    started = []

    def start(*words: str, **more: Any) -> tuple[Any, ...]:
        process = subprocess.Popen(
            [sys.executable, "-m", "truthline", "emulator", *words], stdout=subprocess.PIPE, **more
        )
        started.append(process)
        return process, json.loads(process.stdout.readline())  # type: ignore[union-attr]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("words", [[], ["--sample"]], ids=str)
def test_it_serves_until_it_is_told_to_stop(
    serve: Callable[..., Any], aws_environment: None, words: list[Any] | list[str], number: Any
) -> None:
    process, ready = serve(*words, "--set", "update_seconds=0", "--set", "create_seconds=0")
    assert list(ready) == ["version", "endpoint_url", *(["bucket", "dataset_arn"] if words else [])]
    with connect(Connection(region="us-east-1", endpoint_url=ready["endpoint_url"])) as aws:
        projects = aws.rekognition.describe_projects()
        assert len(projects) == len(words)
        if words:
            state = aws.rekognition.describe_dataset(ready["dataset_arn"])
            assert state.status == "CREATE_COMPLETE"
            assert state.stats.errors == 2
            assert aws.s3.head(ready["bucket"], "photos/fig.jpg")
    process.send_signal(number)
    assert process.stdout.read() == b""
    assert process.wait() == 0


def test_it_ends_with_its_standard_input(serve: Callable[..., Any]) -> None:
    process, _ = serve("--until-stdin-closes", stdin=subprocess.PIPE)
    process.stdin.close()
    assert process.wait() == 0


def test_the_emulator_ends_when_the_demo_is_killed(aws_environment: None) -> None:
    code = (
        "from truthline import demo\n"
        "import threading\n"
        "with demo.emulator_process(0, []) as url:\n"
        "    print(url, flush=True)\n"
        "    threading.Event().wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        url = present(process.stdout).readline().decode().strip()
        process.kill()
        # The emulator inherited standard error alone; it is gone when nobody answers.
        process.wait()
    wait = CancelToken()
    for _ in range(200):
        try:
            with connect(Connection(region="us-east-1", endpoint_url=url)) as aws:
                aws.rekognition.describe_projects()
        except ServiceError:
            return
        wait.wait(0.05)
    pytest.fail("the emulator still answers")


def test_a_port_that_is_taken_is_told(emulator: Emulator) -> None:
    port = emulator.endpoint_url.rpartition(":")[2]
    with pytest.raises(ServiceError, match="did not start"), demo.emulator_process(int(port), []):
        pass


def test_without_the_emulators_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="not installed"), demo.emulator_process(0, []):
        pass


def test_a_frozen_app_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    words = demo._command(7, ["a=b"])
    assert words == [sys.executable, "emulator", "--until-stdin-closes", "--port", "7", "--set", "a=b"]


def test_the_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    before = dict(os.environ)
    with demo.emulator_environment():
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["AWS_ACCESS_KEY_ID"] == "truthline-emulator"
    assert dict(os.environ) == before


def test_demo_headless_does_the_main_job() -> None:
    words = [sys.executable, "-m", "truthline", "demo", "--headless", "--format", "json"]
    # Nobody's configuration is needed or used.
    environment = {**os.environ, "AWS_PROFILE": "no such profile", "AWS_REGION": "nowhere"}
    done = subprocess.run(words, capture_output=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    document = json.loads(done.stdout)
    assert document["statuses"] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert (document["status"], document["pushed"]) == ("UPDATE_COMPLETE", 2)
    assert [json.loads(line)["source-ref"] for line in document["read_back"]] == document["edited"]
    assert '"class-name":"outdoor"' in document["read_back"][0]
    assert '"left":424' in document["read_back"][1]
    assert len({one["source_ref"] for one in document["remote_errors"]}) == 2


def test_without_a_display_the_job_is_done_without_a_window() -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [sys.executable, "-m", "truthline"], capture_output=True, check=False, env=environment, text=True
    )
    assert done.returncode == 0
    assert "no window" in done.stderr
    assert "UPDATE_IN_PROGRESS" in done.stdout
    assert "UPDATE_COMPLETE" in done.stdout
    assert "ERROR_INVALID_BOUNDING_BOX" in done.stdout
