"""Datasets and projects made, split and deleted; each function waits until the service has ended it.

Whatever changes something is sent once. Where its answer got lost, the service is looked at: what it then
shows decides whether the work goes on or the error is raised. Only a refusal for now, because of too many
calls or of an update that runs, is a reason to send again.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from truthline.errors import BusyError, FaultError, NotFoundError, ServiceError, UsageError
from truthline.progress import Doing, Progress, ignore_progress
from truthline.sync.service.reading import GRACE_SECONDS, DatasetReader
from truthline.sync.service.retries import Patience, jittered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from truthline.aws.rekognition import DatasetDescription, Kind, Project, ProjectDataset
    from truthline.aws.session import Aws
    from truthline.progress import CancelToken, Report

CREATE_FAILED: Final = "CREATE_FAILED"
"""The code of the error about a dataset that the service began to make and gave up."""

_UNANSWERED_SECONDS: Final = 30.0
"""A rebuild stands between two datasets here: patience costs less than stopping half way."""
_BUSY_TIMES: Final = 20
"""How often the service may call a dataset busy that it describes as free."""
_LOOK_PAUSES: Final = (0.0, 1.0, 2.0, 4.0)
_DELETING: Final = "DELETE_IN_PROGRESS"
_LONGEST_PAUSE: Final = 5.0


def create_dataset(
    aws: Aws,
    project_arn: str,
    kind: Kind,
    *,
    manifest: str = "",
    source_arn: str = "",
    cancel: CancelToken,
    report: Report = ignore_progress,
) -> str:
    """Make a dataset and wait until it is complete; gives its ARN.

    Args:
        aws: signed in for the project's region.
        project_arn: the project, which must not have a dataset of this kind.
        kind: "TRAIN" or "TEST".
        manifest: ``s3://bucket/key`` of its lines; "" for none.
        source_arn: the dataset to copy; "" for none. With neither, the new one is empty.
        cancel: stops the waiting; what the service has begun it carries on.
        report: is told the statuses as the service spells them.

    Raises:
        NotFoundError: there is no such project.
        UsageError: both sources are given, or ``manifest`` is not an S3 address.
        ServiceError: the service refused it, or gave it up: then the code is `CREATE_FAILED`, and the place
            the ARN of the failed dataset, which is to be deleted before another one of this kind is made.

    """
    work = Work(aws, report=report, cancel=cancel)
    if source_arn:  # what is copied is what is there at that moment
        work.reader(source_arn).settled()
    before = work.dataset(project_arn, kind)
    report(Progress(Doing.CREATING))
    try:
        arn = work.patience.send(
            lambda: aws.rekognition.create_dataset(
                project_arn, kind, manifest=manifest, source_arn=source_arn
            )
        )
    except ServiceError as error:
        if not error.outcome_unknown:
            raise
        report(Progress(Doing.CREATION_UNANSWERED, error=error))
        arn = _appeared(work, project_arn, kind, before.arn if before else "")
        if not arn:
            raise
    wait_created(aws, arn, cancel=cancel, report=report)
    return arn


def wait_created(
    aws: Aws, arn: str, *, cancel: CancelToken, report: Report = ignore_progress
) -> DatasetDescription:
    """Wait while the dataset is being made; give the state it ends in.

    Raises:
        ServiceError: the service gave it up; see `create_dataset`.

    """
    ended = Work(aws, report=report, cancel=cancel).reader(arn).settled()
    report(Progress(Doing.STATUS, about=ended.status))
    if ended.status == CREATE_FAILED:
        raise ServiceError(
            "The dataset could not be made.",
            detail=f"{ended.message or 'The service gave no reason.'} Put that right, delete the failed"
            " dataset, then make it again.",
            place=arn,
            code=CREATE_FAILED,
        )
    return ended


def delete_dataset(aws: Aws, arn: str, *, cancel: CancelToken, report: Report = ignore_progress) -> None:
    """Delete a dataset once nothing is in progress on it, and wait until it is gone.

    Raises:
        NotFoundError: there is no such dataset.
        BusyError: the service calls it busy again and again.
        ServiceError: the service refused it, or did not delete it.

    """
    delete_unless_updated(aws, arn, None, cancel=cancel, report=report)


def delete_unless_updated(
    aws: Aws,
    arn: str,
    seen: datetime | None,
    *,
    cancel: CancelToken,
    report: Report = ignore_progress,
    before_sending: Callable[[], None] = lambda: None,
) -> bool:
    """As `delete_dataset`, but only while the dataset is as it was seen; False if it was updated since.

    ``seen`` is its time of last update then. ``before_sending`` is called each time right before
    the request is sent.
    """
    work = Work(aws, report=report, cancel=cancel)
    reader = work.reader(arn)
    reader.describe()

    def send() -> None:
        now = reader.describe()
        if seen is not None and now.updated != seen:
            raise _UpdatedError
        before_sending()
        aws.rekognition.delete_dataset(arn)

    with suppress(NotFoundError):  # somebody deleted it, or it is gone now
        try:
            _, unanswered = _offer(work, [reader], send)
        except _UpdatedError:
            return False
        _wait_gone(reader, unanswered, report)
    return True


def delete_project(
    aws: Aws, project_arn: str, *, cancel: CancelToken, report: Report = ignore_progress
) -> None:
    """Delete a project's datasets and then the project, and wait until it is no longer listed.

    Raises:
        NotFoundError: there is no such project.
        UsageError: models were trained in it; nothing was deleted.
        ServiceError: the service refused it, or did not delete it.

    """
    work = Work(aws, report=report, cancel=cancel)
    project = work.project(project_arn)
    # Asked before anything is deleted: the service would refuse the project after its datasets are gone.
    models = work.patience.read(lambda: aws.rekognition.describe_project_versions(project_arn))
    if models:
        raise UsageError(
            f"The project holds {len(models)} trained model{'s' * (len(models) > 1)}, and the service deletes"
            " no project with models.",
            detail="Delete its models first, in the console for instance. Nothing was deleted.",
            place=project_arn,
        )
    for dataset in project.datasets:
        report(Progress(Doing.DELETING, about=dataset.kind))
        with suppress(NotFoundError):
            delete_dataset(aws, dataset.arn, cancel=cancel, report=report)
    report(Progress(Doing.DELETING_PROJECT))
    with suppress(NotFoundError):
        unanswered = _send_project_deletion(work, project_arn)
        _wait_project_gone(work, project_arn, unanswered)


def distribute(
    aws: Aws, train_arn: str, test_arn: str, *, cancel: CancelToken, report: Report = ignore_progress
) -> None:
    """Move a fifth of a train dataset into the empty test dataset of the same project, and wait for the end.

    Raises:
        NotFoundError: there is no such dataset.
        ServiceError: the service refused it, or gave it up.

    """
    work = Work(aws, report=report, cancel=cancel)
    readers = [work.reader(arn) for arn in (train_arn, test_arn)]
    for reader in readers:
        if reader.settled().status == CREATE_FAILED:
            raise ServiceError(
                "The dataset could not be split: one of the two was never made.",
                detail="Delete the failed dataset and make it again first.",
                place=reader.arn,
                code=CREATE_FAILED,
            )
    before, unanswered = _offer(work, readers, lambda: aws.rekognition.distribute(train_arn, test_arn))
    for reader, state in zip(readers, before, strict=True):
        ended = reader.ended(state.updated, waited=0.0)
        report(Progress(Doing.STATUS, about=ended.status))
        if ended.status == "UPDATE_FAILED" and ended.updated != state.updated:
            detail = f"{ended.message or 'The service gave no reason.'} Put that right, then try again."
            raise ServiceError(
                "The dataset could not be split.", detail=detail, place=reader.arn, code=ended.status
            )
    if unanswered is not None and not ended.stats.total:
        raise unanswered


class Work:
    """Asks the service while a person waits for it: a connection may be away for half a minute."""

    def __init__(self, aws: Aws, *, report: Report, cancel: CancelToken) -> None:
        self.aws = aws
        self.report = report
        self.cancel = cancel
        self.patience = Patience(report, cancel)
        self.patience.unanswered_seconds = _UNANSWERED_SECONDS

    def reader(self, arn: str) -> DatasetReader:
        """A reader of one dataset."""
        reader = DatasetReader(self.aws, arn, report=self.report, cancel=self.cancel)
        reader.patience.unanswered_seconds = _UNANSWERED_SECONDS
        return reader

    def project(self, project_arn: str) -> Project:
        """The project with its datasets.

        Raises:
            NotFoundError: there is none.

        """
        for project in self.patience.read(self.aws.rekognition.describe_projects):
            if project.arn == project_arn:
                return project
        raise NotFoundError(
            "There is no such project.",
            detail="Check the region and the account; somebody may have deleted it.",
            place=project_arn,
        )

    def dataset(self, project_arn: str, kind: str) -> ProjectDataset | None:
        """The project's dataset of this kind, None if it has none; waits while one is being deleted.

        Raises:
            NotFoundError: there is no such project.

        """
        for pause in _pauses():
            listed = self.project(project_arn).datasets
            found = next((dataset for dataset in listed if dataset.kind == kind), None)
            if found is None or found.status != _DELETING:
                break
            self.report(Progress(Doing.STATUS, about=found.status))
            self.cancel.wait(pause)
        return found


class _UpdatedError(Exception):
    """The dataset was updated after it was read."""


def _offer(
    work: Work, readers: Sequence[DatasetReader], send: Callable[[], None]
) -> tuple[list[DatasetDescription], ServiceError | None]:
    """Send once nothing is in progress on the datasets; again only if the service calls one of them busy.

    Gives their states before that, and the error if no answer came.
    """
    for _ in range(_BUSY_TIMES):
        before = [reader.settled() for reader in readers]
        try:
            work.patience.send(send)
        except BusyError as error:
            refusal = error
            work.report(Progress(Doing.BUSY, error=error))
        except ServiceError as error:
            if not error.outcome_unknown:
                raise
            work.report(Progress(Doing.UNANSWERED, error=error))
            return before, error
        else:
            return before, None
        work.cancel.wait(jittered(1.0))
        # Nothing may seem to be in progress yet: the status can lag behind an update that was just sent.
        for reader, state in zip(readers, before, strict=True):
            reader.ended(state.updated, waited=0.0)
    raise refusal


def _wait_gone(reader: DatasetReader, unanswered: ServiceError | None, report: Report) -> None:
    """Poll until the dataset is not found, which is raised; or until it shows that it stays."""
    status = ""
    for description, waited in reader.polls():
        if description.status != status:
            status = description.status
            report(Progress(Doing.STATUS, about=status))
        if status != _DELETING and waited >= GRACE_SECONDS:
            raise unanswered or FaultError(
                "The dataset was not deleted.",
                detail=f"The service took the request, and the dataset is {status} all the same. Try again.",
                place=reader.arn,
            )


def _appeared(work: Work, project_arn: str, kind: Kind, before: str) -> str:
    """The ARN of a dataset of this kind that is not the one from ``before``, "" if none comes."""
    for pause in _LOOK_PAUSES:
        work.cancel.wait(pause)
        found = work.dataset(project_arn, kind)
        if found is not None and found.arn != before:
            return found.arn
    return ""


def _send_project_deletion(work: Work, project_arn: str) -> ServiceError | None:
    """Send; gives the error if no answer came."""
    for pause in _pauses():
        if work.project(project_arn).status == "DELETING":
            break
        try:
            work.patience.send(lambda: work.aws.rekognition.delete_project(project_arn))
        except BusyError as error:
            # Its datasets may take a while to be gone everywhere.
            if pause >= _LONGEST_PAUSE:
                raise BusyError(
                    "Could not delete the project: the service calls it in use.",
                    detail="Its datasets are deleted. Look for models or copies of it, then try again.",
                    place=project_arn,
                    code=error.code,
                ) from error
            work.cancel.wait(pause)
        except ServiceError as error:
            if not error.outcome_unknown:
                raise
            work.report(Progress(Doing.PROJECT_UNANSWERED, error=error))
            return error
        else:
            break
    return None


def _wait_project_gone(work: Work, project_arn: str, unanswered: ServiceError | None) -> None:
    """Look until the project is not found, which is raised; or until it shows that it stays."""
    waited = 0.0
    for pause in _pauses():
        status = work.project(project_arn).status
        work.report(Progress(Doing.STATUS, about=status))
        if status != "DELETING" and waited >= GRACE_SECONDS:
            raise unanswered or FaultError(
                "The project was not deleted.",
                detail="The service took the request, and the project is there all the same. Try again.",
                place=project_arn,
            )
        work.cancel.wait(pause)
        waited += pause


def _pauses() -> Iterator[float]:
    pause = 0.2
    while True:
        yield pause
        pause = min(1.5 * pause, _LONGEST_PAUSE)
