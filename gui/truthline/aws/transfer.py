"""Files on their way to S3, many at a time, watched over by the thread that wants them sent.

s3transfer sends; here is what it lacks: a bounded look-ahead, an error for each file that cannot be sent
while the others are, and an end within about a second when the person cancels.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import IO, TYPE_CHECKING, Any, Final, cast

from truthline.aws.outgoing import OutgoingFile
from truthline.aws.translate import translated
from truthline.errors import FaultError, ServiceError, TruthlineError, UsageError
from truthline.progress import Doing, Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client
    from s3transfer.futures import TransferFuture
    from s3transfer.manager import TransferManager
    from s3transfer.subscribers import BaseSubscriber

    from truthline.aws.causes import Caller
    from truthline.progress import CancelToken, Report

MAX_KEY_BYTES: Final = 1024
"""The longest key that S3 takes, in bytes of UTF-8."""
MAX_AHEAD: Final = 200
"""So many files at most are handed over to s3transfer at a time: ten of them are on the wire."""
_IN_ONE_PIECE: Final = 16 * 2**20
"""Every image that Rekognition takes is smaller, and an object sent in one piece has its MD5 as its ETag."""
_PERCENT_FROM: Final = 2**20
"""A smaller file is over before a percentage of it could be read."""
_LOOK_SECONDS: Final = 0.1
_STOP_SECONDS: Final = 0.8
"""How long a cancel waits for parts to be removed: a person who cancels waits a second at most."""
_DAMAGED: Final = {"BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A local image and where it belongs; ``size`` counts bytes."""

    path: Path
    bucket: str
    key: str
    size: int

    @property
    def source_ref(self) -> str:
        """The address that it has in the dataset."""
        return object_place(self.bucket, self.key)


def object_place(bucket: str, key: str) -> str:
    """How an object is named for people."""
    return f"s3://{bucket}/{key}"


class Transfer:
    """One run of uploads; it and all its calls to ``report`` belong to the thread that calls `run`.

    ``size`` is what all the uploads have together, in bytes; ``report`` is called at most about ten times a
    second.
    """

    def __init__(
        self, client: S3Client, caller: Caller, count: int, size: int, *, report: Report, cancel: CancelToken
    ) -> None:
        self._client = client
        self._caller = caller
        self._count = count
        self._size = size
        self._report = report
        self._cancel = cancel
        self._stopped = threading.Event()
        self._over = _Over()
        self._in_flight: dict[_Sending, TransferFuture] = {}
        self._failures: list[TruthlineError] = []
        self._settled = 0
        self._settled_bytes = 0
        self._name = ""
        self._told = float("-inf")

    def run(self, uploads: Iterable[Upload]) -> list[TruthlineError]:
        """Send them; returns what went wrong with single files, each error naming its file.

        Raises:
            ServiceError: S3 refused or could not be asked, which would go on for all other files too.
            CancelledError: the person cancelled.

        """
        self._cancel.check()
        with _transfer_manager(self._client, self._stopped) as manager:
            for upload in uploads:
                # Half of them at a time, see `_Over`: each look takes time from the threads that send.
                while len(self._in_flight) >= MAX_AHEAD:
                    self._look(MAX_AHEAD // 2)
                self._cancel.check()
                self._start(manager, upload)
            while self._in_flight:
                self._look(len(self._in_flight))
        self._tell(last=True)
        return self._failures

    def _start(self, manager: TransferManager, upload: Upload) -> None:
        try:
            _check_key(upload)
        except UsageError as error:
            self._settle(upload, error)
            return
        sending = _Sending(upload, OutgoingFile(upload.path, self._stopped), self._over)
        with translated("upload the file", place=_place(upload), caller=self._caller):
            # Named even where the person's settings ask for no checksums: S3 refuses what arrives damaged.
            more = {"ChecksumAlgorithm": "CRC32"}
            source, watch = cast("IO[Any]", sending.source), cast("BaseSubscriber", sending)
            future = manager.upload(source, upload.bucket, upload.key, extra_args=more, subscribers=[watch])
        self._in_flight[sending] = future
        self._tell()

    def _look(self, wanted: int) -> None:
        """Wait a moment for so many uploads to be over, and settle those that are."""
        self._cancel.check()
        for sending in self._over.take(wanted):
            self._settle(sending.upload, self._problem(sending, self._in_flight.pop(sending)))
        self._tell()

    def _problem(self, sending: _Sending, future: TransferFuture) -> TruthlineError | None:
        """What went wrong with this file alone; raises what concerns all."""
        upload = sending.upload
        try:
            with translated("upload the file", place=_place(upload), caller=self._caller):
                future.result()
        except Exception as error:
            if sending.source.problem:  # boto3 tells of it as of a broken connection
                return sending.source.problem
            if isinstance(error, ServiceError) and error.code in _DAMAGED:
                return _damaged(upload, error.code)
            raise
        return None

    def _settle(self, upload: Upload, problem: TruthlineError | None) -> None:
        self._settled += 1
        self._settled_bytes += upload.size
        self._name = upload.path.name
        if problem:
            self._failures.append(problem)

    def _tell(self, *, last: bool = False) -> None:
        now = monotonic()
        if not last and now < self._told + _LOOK_SECONDS:
            return
        self._told = now
        done = self._settled_bytes + sum(sending.sent for sending in self._in_flight)
        first = next(iter(self._in_flight), None)
        self._report(
            Progress(
                Doing.UPLOADING,
                min(done, self._size),
                self._size,
                about=first.name if first else self._name,
                number=min(self._settled + 1, self._count),
                count=self._count,
            )
        )


def failure_of_many(failures: list[TruthlineError], count: int) -> TruthlineError:
    """One error that tells of the failures among ``count`` uploads, of the kind of the first."""
    first = failures[0]
    named = [str(failure) for failure in failures[:3]]
    if len(failures) > len(named):
        named.append(f"And {len(failures) - len(named):,} more.")
    title = f"{len(failures):,} of {count:,} images could not be uploaded; the others are in the bucket."
    return type(first)(title, detail="\n".join(named))


class _Over:
    """The uploads that are over, from s3transfer's threads to the one that waits.

    That one is woken only when enough have come: to be woken by each of them would slow the others down.
    """

    def __init__(self) -> None:
        self._sendings: deque[_Sending] = deque()
        self._enough = threading.Event()
        self._wanted = 1

    def put(self, sending: _Sending) -> None:
        self._sendings.append(sending)
        if len(self._sendings) >= self._wanted:
            self._enough.set()

    def take(self, wanted: int) -> Iterator[_Sending]:
        """Those that are there once there are as many as ``wanted``, or after a moment."""
        self._wanted = wanted
        if len(self._sendings) < wanted:
            self._enough.wait(_LOOK_SECONDS)
        self._enough.clear()
        while self._sendings:
            yield self._sendings.popleft()


@dataclass(eq=False, slots=True)
class _Sending:
    """One upload under way, as s3transfer's subscriber; all its methods run in s3transfer's threads."""

    upload: Upload
    source: OutgoingFile
    over: _Over
    sent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        """The file's name, with how far it is if it is a large one."""
        if self.upload.size < _PERCENT_FROM:
            return self.upload.path.name
        return f"{self.upload.path.name}, {min(self.sent, self.upload.size) * 100 // self.upload.size} %"

    def on_queued(self, future: Any, **_: object) -> None:
        """Tell s3transfer of the file, before it asks."""
        size, content_type = self.source.look()
        future.meta.provide_transfer_size(size)
        if content_type:
            future.meta.call_args.extra_args["ContentType"] = content_type

    def on_progress(self, bytes_transferred: int, **_: object) -> None:
        """Count; bytes that must be sent again come as a negative number."""
        with self.lock:
            self.sent += bytes_transferred

    def on_done(self, **_: object) -> None:
        """Hand over to the waiting thread, whether the upload succeeded or failed."""
        self.source.close()
        self.over.put(self)


@contextmanager
def _transfer_manager(client: S3Client, stopped: threading.Event) -> Iterator[TransferManager]:
    """An s3transfer manager that, on an error such as a cancel, stops and removes the parts it sent.

    It gets a moment for that, and ends by itself where a connection hangs for longer.
    """
    from s3transfer.manager import TransferConfig, TransferManager  # noqa: PLC0415 (slow to import)

    manager = TransferManager(client, TransferConfig(multipart_threshold=_IN_ONE_PIECE))
    try:
        yield manager
    except BaseException as error:
        stopped.set()
        # A daemon, since `__exit__` waits for connections that may hang, and the program must end even so.
        ending = threading.Thread(target=manager.__exit__, args=(type(error), error, None), daemon=True)
        ending.start()
        ending.join(_STOP_SECONDS)
        raise
    manager.shutdown()


def _place(upload: Upload) -> str:
    return object_place(upload.bucket, upload.key)


def _check_key(upload: Upload) -> None:
    try:
        length = len(upload.key.encode())
    except UnicodeEncodeError:
        detail = "Its source-ref holds half of a character; S3 cannot have such a key."
        raise UsageError(
            "The image's S3 key is not valid text.", detail=detail, place=str(upload.path)
        ) from None
    if length > MAX_KEY_BYTES:
        title = f"The image's S3 key has {length:,} bytes; S3 takes {MAX_KEY_BYTES:,} at most."
        detail = "Give the image, or the folders it lies in, a shorter name."
        raise UsageError(title, detail=detail, place=str(upload.path))


def _damaged(upload: Upload, code: str) -> FaultError:
    detail = "S3 refused it, so nothing of it was stored. Upload it again."
    return FaultError("The file was damaged on its way.", detail=detail, place=str(upload.path), code=code)
