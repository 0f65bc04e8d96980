"""Commands that ask the service: status, pull, push."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from truthline.aws.session import connect
from truthline.emulator import ManualClock, Switches, faults
from truthline.progress import CancelToken
from truthline.workspace.workspace import EntryId, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from truthline.aws.connection import Connection
    from truthline.emulator.service import Emulator

UPDATE = "UpdateDatasetEntries"


class TestStatus:
    def test_the_document(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
    ) -> None:
        arn = make_dataset(labelled(1), labelled(2, kind="nonsense"), b'{"source-ref":"s3://leaves/3.jpg"}')
        told = run("status", arn, *endpoint, "--format", "json")
        assert told.code == 0
        updated = told.json.pop("updated")
        document = told.json
        assert list(document) == ["status", "message", "code", "stats", "updated"]
        assert updated
        assert document["status"] == "UPDATE_COMPLETE"
        assert document["code"] == "SUCCESS"
        assert document["stats"] == {"total": 3, "labeled": 2, "labels": 1, "errors": 1}
        assert run(*endpoint, "status", arn).out.startswith("UPDATE_COMPLETE")

    @pytest.mark.parametrize("switches", [Switches(update_seconds=3.0)], ids=str)
    @pytest.mark.parametrize("clock", [ManualClock()], ids=["manual"])
    def test_watch_tells_each_state_on_a_line(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        connection: Connection,
        clock: ManualClock,
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(CancelToken, "wait", lambda _, seconds: clock.advance(seconds))
        arn = make_dataset()
        with connect(connection) as aws:
            aws.rekognition.update_entries(arn, labelled(1) + b"\n")
        watched = run("status", arn, "--watch", *endpoint, "--format", "json")
        assert watched.code == 0
        states = [json.loads(line)["status"] for line in watched.out.splitlines()]
        assert states == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]

    def test_no_such_dataset_and_no_service(
        self, run: Callable[..., Any], endpoint: tuple[Any, ...], make_dataset: Callable[..., Any]
    ) -> None:
        arn = make_dataset()
        missing = run("status", arn[:-1] + "x", *endpoint)
        assert missing.code == 2
        gone = run("status", arn.replace("leaves", "lost"), *endpoint)
        assert (gone.code, gone.out) == (3, "")
        assert "not found" in gone.err
        offline = run("status", arn, "--endpoint-url", "http://127.0.0.1:9")
        assert (offline.code, offline.out) == (3, "")
        assert "no connection" in offline.err


class TestPull:
    def test_the_lines_without_the_services_keys(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
        tmp_path: Path,
    ) -> None:
        arn = make_dataset(labelled(1), labelled(2, kind="nonsense"))
        out = tmp_path / "out.manifest"
        pulled = run("pull", arn, out, *endpoint, "--format", "json")
        assert (pulled.code, pulled.json) == (0, {"manifest": str(out), "lines": 2})
        assert out.read_bytes() == labelled(1) + b"\n" + labelled(2, kind="nonsense") + b"\n"

    def test_whole_or_not_at_all(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
        tmp_path: Path,
        emulator: Emulator,
    ) -> None:
        arn = make_dataset(labelled(1))
        emulator.faults.add("ListDatasetEntries", faults.access_denied())
        out = tmp_path / "out.manifest"
        assert run("pull", arn, out, *endpoint).code == 3
        assert not out.exists()
        assert run("pull", arn, tmp_path / "nowhere" / "out", *endpoint).code == 2


class TestPush:
    @pytest.fixture
    def manifest(self, tmp_path: Path) -> Callable[..., Any]:
        def write(*lines: bytes) -> Path:
            path = tmp_path / "to push.txt"
            path.write_bytes(b"\n".join(lines))
            return path

        return write

    def push(
        self, run: Callable[..., Any], endpoint: tuple[Any, ...], manifest: Path, arn: str, *more: str
    ) -> Any:
        return run("push", manifest, "--dataset", arn, *endpoint, "--format", "json", *more)

    def test_only_what_differs_is_sent(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
        manifest: Callable[..., Any],
        emulator: Emulator,
    ) -> None:
        arn = make_dataset(labelled(1), labelled(2), labelled(9))
        path = manifest(labelled(1).replace(b": 1,", b":1.0 ,"), labelled(2, "ash"), labelled(3))
        pushed = self.push(run, endpoint, path, arn)
        assert pushed.code == 0
        assert pushed.json == {
            "pushed": 2,
            "unchanged": 1,
            "batches": 1,
            "status": "UPDATE_COMPLETE",
            "refused": [],
            "dropped": [],
            "stored_differently": [],
            "remote_errors": [],
            "conflicts": [],
        }
        sent = [one.params["Changes"]["GroundTruth"] for one in emulator.requests if one.operation == UPDATE]
        assert sent[-1] == labelled(2, "ash") + b"\n" + labelled(3) + b"\n"
        again = self.push(run, endpoint, path, arn)
        assert again.code == 0
        assert (again.json["pushed"], again.json["unchanged"], again.json["status"]) == (0, 3, None)

    def test_refusals_and_remote_errors_name_the_line(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
        manifest: Callable[..., Any],
    ) -> None:
        arn = make_dataset(labelled(5, kind="nonsense"), labelled(6, kind="nonsense"))
        path = manifest(
            labelled(1),
            b"{",
            b"",
            labelled(1, "ash"),
            labelled(5, kind="nonsense"),
            labelled(7, kind="nonsense"),
            labelled(8).replace(b"s3://leaves", b"s3://other"),
        )
        pushed = self.push(run, endpoint, path, arn)
        assert pushed.code == 1
        document = pushed.json
        assert (document["pushed"], document["unchanged"]) == (2, 1)
        assert [(one["line"], one["code"]) for one in document["refused"]] == [
            (1, "TRUTHLINE_REPEATED_SOURCE_REF"),
            (2, "ERROR_INVALID_JSON_LINE"),
            (3, "TRUTHLINE_BLANK_LINE"),
            (7, "TRUTHLINE_OTHER_BUCKET"),
        ]
        assert {one["line"] for one in document["remote_errors"]} == {5, 6}
        for item in [*document["refused"], *document["remote_errors"]]:
            assert list(item) == ["source_ref", "code", "message", "line"]
        assert document["remote_errors"][0]["source_ref"] == "s3://leaves/5.jpg"

    def test_strict_refuses_errors_too(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
        manifest: Callable[..., Any],
    ) -> None:
        arn = make_dataset()
        path = manifest(labelled(1), labelled(2, kind="nonsense"))
        pushed = self.push(run, endpoint, path, arn, "--strict")
        assert pushed.code == 1
        assert pushed.json["pushed"] == 1
        assert [one["line"] for one in pushed.json["refused"]] == [2]
        assert pushed.json["remote_errors"] == []

    def test_a_dry_run_sends_nothing(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
        manifest: Callable[..., Any],
        emulator: Emulator,
    ) -> None:
        arn = make_dataset(labelled(1))
        emulator.requests.clear()
        pushed = self.push(run, endpoint, manifest(labelled(1), labelled(2)), arn, "--dry-run")
        assert pushed.code == 0
        assert (pushed.json["pushed"], pushed.json["unchanged"], pushed.json["batches"]) == (1, 1, 1)
        assert pushed.json["status"] is None
        assert UPDATE not in {one.operation for one in emulator.requests}

    def test_the_first_bucket_of_the_dataset_counts(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
        manifest: Callable[..., Any],
    ) -> None:
        """None of the manifest's lines is in the dataset, so the dataset must be asked."""
        arn = make_dataset(labelled(1))
        path = manifest(*[labelled(n).replace(b"s3://leaves", b"s3://other") for n in range(2, 5)])
        assert len(self.push(run, endpoint, path, arn).json["refused"]) == 3

    def test_unreachable_still_prints_what_is_known(
        self,
        run: Callable[..., Any],
        labelled: Callable[..., Any],
        manifest: Callable[..., Any],
        make_dataset: Callable[..., Any],
    ) -> None:
        arn = make_dataset()
        path = manifest(labelled(1), b"{")
        failed = self.push(run, ("--endpoint-url", "http://127.0.0.1:9"), path, arn)
        assert failed.code == 3
        assert (failed.json["pushed"], failed.json["status"]) == (0, None)
        assert [one["line"] for one in failed.json["refused"]] == [2]
        assert "no connection" in failed.err

    def test_a_failed_update_prints_what_is_known(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
        manifest: Callable[..., Any],
    ) -> None:
        arn = make_dataset(labelled(0))
        failed = self.push(run, endpoint, manifest(*[labelled(n, f"l{n}") for n in range(1, 300)]), arn)
        assert failed.code == 3
        assert failed.json["status"] == "UPDATE_FAILED"
        assert failed.json["pushed"] + len(failed.json["dropped"]) == 299
        assert {one["code"] for one in failed.json["dropped"]} == {"TRUTHLINE_UPDATE_FAILED"}
        assert "update of the dataset failed" in failed.err

    def test_text_for_people(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
        manifest: Callable[..., Any],
    ) -> None:
        arn = make_dataset()
        pushed = run("push", manifest(labelled(1), b"{"), "--dataset", arn, *endpoint)
        assert pushed.out.startswith("1 lines pushed in 1 batches, 0 unchanged. UPDATE_COMPLETE")
        assert "refused: line 2: ERROR_INVALID_JSON_LINE" in pushed.out

    def test_a_folder_is_not_a_manifest(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        tmp_path: Path,
    ) -> None:
        assert self.push(run, endpoint, tmp_path, make_dataset()).code == 2

    @pytest.mark.parametrize("switches", [Switches(update_seconds=600.0, create_seconds=0.0)], ids=str)
    def test_ctrl_c_stops_it(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
        manifest: Callable[..., Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        arn = make_dataset()
        wait = CancelToken.wait

        def interrupted(token: CancelToken, seconds: float) -> None:
            signal.raise_signal(signal.SIGINT)
            wait(token, seconds)

        monkeypatch.setattr(CancelToken, "wait", interrupted)
        before = signal.getsignal(signal.SIGINT)
        stopped = self.push(run, endpoint, manifest(labelled(1)), arn)
        assert stopped.code == 130
        assert stopped.json["pushed"] == 0
        assert signal.getsignal(signal.SIGINT) is before


def relabel(label: str) -> tuple[Any, ...]:
    return b'"class-name": "oak"', b'"class-name": "%b"' % label.encode()


class TestTogether:
    """Several people push to one dataset."""

    @pytest.fixture
    def pulled(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
        tmp_path: Path,
    ) -> tuple[Any, ...]:
        """A dataset, a manifest pulled from it, and the same manifest to be edited."""
        arn = make_dataset(*[labelled(n) for n in range(4)])
        base = tmp_path / "base.manifest"
        assert run("pull", arn, base, *endpoint).code == 0
        return arn, base

    def edit(
        self, base: Path, tmp_path: Path, changes: dict[int, tuple[Any, ...]], name: str = "mine.manifest"
    ) -> Path:
        lines = base.read_bytes().splitlines()
        for number, (old, new) in changes.items():
            assert old in lines[number]
            lines[number] = lines[number].replace(old, new)
        path = tmp_path / name
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return path

    @pytest.fixture
    def contested(
        self, run: Callable[..., Any], endpoint: tuple[Any, ...], pulled: tuple[Any, ...], tmp_path: Path
    ) -> tuple[Any, ...]:
        """Line 2 is relabelled by both, line 3 by us, line 4 by them."""
        arn, base = pulled
        theirs = self.edit(base, tmp_path, {1: relabel("ash"), 3: relabel("fir")}, "theirs.manifest")
        assert run("push", theirs, "--dataset", arn, *endpoint).code == 0
        return arn, base, self.edit(base, tmp_path, {1: relabel("elm"), 2: relabel("elm")})

    def test_stop_sends_the_rest_and_lists_conflicts(
        self, run: Callable[..., Any], endpoint: tuple[Any, ...], contested: tuple[Any, ...], tmp_path: Path
    ) -> None:
        arn, base, mine = contested
        told = run("push", mine, "--dataset", arn, "--base", base, *endpoint, "--format", "json")
        assert told.code == 1
        assert told.json["pushed"] == 1
        (conflict,) = told.json["conflicts"]
        assert conflict.keys() == {"source_ref", "line", "pointer", "base", "mine", "theirs"}
        assert conflict["line"] == 2
        assert "elm" in json.dumps(conflict["mine"])
        assert "ash" in json.dumps(conflict["theirs"])
        assert "oak" in json.dumps(conflict["base"])
        assert self.labels(run, arn, endpoint, tmp_path) == ["oak", "ash", "elm", "fir"]

    @pytest.mark.parametrize(("side", "label"), [("mine", "elm"), ("theirs", "ash")])
    def test_a_side_decides(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        contested: tuple[Any, ...],
        tmp_path: Path,
        side: str,
        label: str,
    ) -> None:
        arn, base, mine = contested
        decided = ("--base", base, "--on-conflict", side, "--format", "json")
        told = run("push", mine, "--dataset", arn, *decided, *endpoint)
        assert told.code == 0
        assert told.json["conflicts"] == []
        assert self.labels(run, arn, endpoint, tmp_path) == ["oak", label, "elm", "fir"]

    @pytest.mark.parametrize("more", [(), ("--on-conflict", "theirs")])
    def test_without_a_base_the_manifest_is_what_the_dataset_shall_hold(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        contested: tuple[Any, ...],
        tmp_path: Path,
        more: tuple[Any, ...],
    ) -> None:
        arn, _, mine = contested
        assert run("push", mine, "--dataset", arn, *more, *endpoint).code == 0
        assert self.labels(run, arn, endpoint, tmp_path) == ["oak", "elm", "elm", "oak"]

    def test_a_workspace_knows_its_base(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
        tmp_path: Path,
    ) -> None:
        arn = make_dataset(*[labelled(n) for n in range(3)])
        path = tmp_path / "work.truthline"
        assert run("new", path, "--from", arn, *endpoint).code == 0
        with Workspace.open(path) as workspace:
            workspace.save(EntryId(workspace.ids()[0]), labelled(0, "elm"))
        theirs = tmp_path / "theirs.manifest"
        theirs.write_bytes(labelled(1, "ash") + b"\n")
        assert run("push", theirs, "--dataset", arn, *endpoint).code == 0
        pushed = run("push", path, "--format", "json")
        assert (pushed.code, pushed.json["pushed"]) == (0, 1)
        pulled = run("pull", path, "--format", "json")
        assert (pulled.code, pulled.json["changed"], pulled.json["unchanged"]) == (0, 1, 2)
        assert self.labels(run, arn, endpoint, tmp_path) == ["elm", "ash", "oak"]

    def test_wrong_usage(
        self,
        run: Callable[..., Any],
        endpoint: tuple[Any, ...],
        make_dataset: Callable[..., Any],
        labelled: Callable[..., Any],
        tmp_path: Path,
    ) -> None:
        arn = make_dataset(labelled(1))
        path, manifest = tmp_path / "work.truthline", tmp_path / "a.manifest"
        manifest.write_bytes(labelled(1) + b"\n")
        assert run("new", path, "--from", manifest).code == 0
        assert run("push", manifest).code == 2
        assert run("push", path, *endpoint).code == 2
        assert run("push", path, "--base", manifest, "--dataset", arn, *endpoint).code == 2
        assert run("push", manifest, "--base", tmp_path / "none", "--dataset", arn, *endpoint).code == 2
        assert run("pull", arn, *endpoint).code == 2
        assert run("pull", path, manifest, *endpoint).code == 2
        assert run("push", path, "--dataset", arn, *endpoint).code == 0
        other = arn.replace("dataset/train", "dataset/test")
        assert run("push", path, "--dataset", other, *endpoint).code == 2

    def labels(
        self, run: Callable[..., Any], arn: str, endpoint: tuple[Any, ...], tmp_path: Path
    ) -> list[str]:
        """The class names that the dataset's lines hold, in the order of their source-refs."""
        out = tmp_path / "held.manifest"
        assert run("pull", arn, out, *endpoint).code == 0
        lines = sorted(map(json.loads, out.read_bytes().splitlines()), key=lambda line: line["source-ref"])
        return [
            value["class-name"] for line in lines for key, value in line.items() if key.endswith("-metadata")
        ]
