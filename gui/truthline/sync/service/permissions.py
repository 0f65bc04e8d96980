"""Which permissions there are and which are missing, found out by asking and without changing anything.

What only reads is really called. What changes something is told as not checked: AWS has no way to try it
that would leave the dataset and the bucket as they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from truthline.aws.rekognition import parse_dataset_arn
from truthline.errors import BusyError, DeniedError, NotFoundError
from truthline.manifest.line import split_source_ref
from truthline.progress import Doing, Progress, ignore_progress
from truthline.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from truthline.aws.session import Aws
    from truthline.progress import CancelToken, Report

T = TypeVar("T")

_FIRST_USED = "It changes something, so it is first known when it is used."
_CHANGES = {
    "rekognition:UpdateDatasetEntries": "To push changes",
    "rekognition:DistributeDatasetEntries": "To split a dataset into train and test",
    "rekognition:CreateDataset": "To make datasets, also anew without some entries",
    "rekognition:DeleteDataset": "To delete datasets, also to make them anew",
    "rekognition:CreateProject": "To make projects",
    "rekognition:DeleteProject": "To delete projects",
}
_SIGNING_IN = ("sts:", "sso:", "signin:")


class PermissionState(StrEnum):
    """What is known of a permission, in words."""

    GRANTED = "granted"
    MISSING = "missing"
    NOT_CHECKED = "not checked"
    WRONG_REGION = "wrong region"
    """It could be used, but on a bucket that lies elsewhere than the dataset."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission: ``action`` is IAM's name, ``why`` what Truthline needs it for.

    ``detail`` says in a sentence what was found or what to do; ``resource`` is what it was tried on, an ARN
    or an ``s3://`` address, "" if nothing was.
    """

    action: str
    why: str
    state: PermissionState
    detail: str = ""
    resource: str = ""


def check_permissions(
    aws: Aws,
    *,
    arn: str = "",
    bucket: str = "",
    prefix: str = "",
    cancel: CancelToken,
    report: Report = ignore_progress,
) -> list[Permission]:
    """Try what Truthline needs for a dataset, a bucket or both.

    Args:
        aws: the sign-in.
        arn: the dataset's, or "" to look at the bucket alone.
        bucket: where the images are; "" for the bucket of the dataset's first entry.
        prefix: what the keys of the images in it begin with.
        cancel: looked at before each call.
        report: told what is tried.

    Raises:
        ServiceError: something else than a permission stands in the way: no connection, an expired sign-in,
            no such dataset or bucket.
        UsageError: ``arn`` is not that of a dataset.
        CancelledError: ``cancel`` was called.

    """
    return list(_Check(aws, cancel, report).permissions(arn, bucket, prefix))


class _Check:
    """One check under way; ``_image`` is an image of the dataset or the bucket, once one is known."""

    def __init__(self, aws: Aws, cancel: CancelToken, report: Report) -> None:
        self._aws = aws
        self._cancel = cancel
        self._report = report
        self._image: tuple[str, str] | None = None

    def permissions(self, arn: str, bucket: str, prefix: str) -> Iterator[Permission]:
        region = parse_dataset_arn(arn).region if arn else ""
        if arn:
            yield from self._of_dataset(arn)
        if not bucket and self._image is not None:
            bucket = self._image[0]
        yield from self._of_bucket(bucket, prefix, region)
        changes = dict(_CHANGES) if arn else {}
        changes["s3:PutObject"] = "To upload images"
        for action, why in changes.items():
            yield Permission(action, why, PermissionState.NOT_CHECKED, _FIRST_USED)

    def _of_dataset(self, arn: str) -> Iterator[Permission]:
        rekognition = self._aws.rekognition
        # The one without which nothing goes comes first: a dataset that is not there ends the check.
        stats, permission = self._ask(
            "rekognition:DescribeDataset",
            "To watch the dataset's status",
            arn,
            lambda: rekognition.describe_dataset(arn).stats,
        )
        if stats is not None:
            images = counted(stats.total, "image")
            yield _with(permission, f"{images}, {stats.labeled:,} of them labelled.")
        else:
            yield permission
        page, permission = self._ask(
            "rekognition:ListDatasetEntries",
            "To read the entries, also after a push",
            arn,
            lambda: next(rekognition.list_entries(arn), []),
        )
        self._image = _image_of(page or [])
        yield permission
        yield self._ask(
            "rekognition:ListDatasetLabels",
            "To count the labels",
            arn,
            lambda: rekognition.list_labels(arn),
        )[1]
        yield from self._of_project(arn)

    def _of_project(self, arn: str) -> Iterator[Permission]:
        rekognition = self._aws.rekognition
        projects, permission = self._ask(
            "rekognition:DescribeProjects", "To browse projects", "", rekognition.describe_projects
        )
        yield permission
        owners = [each.arn for each in projects or () if arn in {dataset.arn for dataset in each.datasets}]
        action, why = "rekognition:DescribeProjectVersions", "To read what training said of the lines"
        if owners:
            yield self._ask(action, why, owners[0], lambda: rekognition.describe_project_versions(owners[0]))[
                1
            ]
        else:
            detail = "Which project the dataset belongs to is not known."
            yield Permission(action, why, PermissionState.NOT_CHECKED, detail)

    def _of_bucket(self, bucket: str, prefix: str, region: str) -> Iterator[Permission]:
        if not bucket:
            detail = "No image of the dataset is known, and so no bucket."
            for action, why in _BUCKET.items():
                yield Permission(action, why, PermissionState.NOT_CHECKED, detail)
            return
        yield self._location(bucket, region)
        s3, place = self._aws.s3, f"s3://{bucket}/{prefix}"
        found, permission = self._ask(
            "s3:ListBucket",
            _BUCKET["s3:ListBucket"],
            place,
            lambda: [next(iter(s3.list(bucket, prefix)), None)],
        )
        first = found[0] if found else None
        if found and prefix:
            what = "holds objects with this prefix" if first else "holds nothing with this prefix"
            permission = _with(permission, f"The bucket can be read, and {what}.")
        elif found:
            permission = _with(permission, "The bucket can be read.")
        yield permission
        if self._image is None and first is not None:
            self._image = bucket, first.key
        yield self._read_image()

    def _location(self, bucket: str, wanted: str) -> Permission:
        action = "s3:GetBucketLocation"
        place = f"s3://{bucket}"
        region, _ = self._ask(action, _BUCKET[action], place, lambda: self._aws.s3.bucket_region(bucket))
        permission = Permission(action, _BUCKET[action], PermissionState.NOT_CHECKED, "", place)
        if not region:
            return _with(permission, "S3 did not say where the bucket lies.", PermissionState.NOT_CHECKED)
        if wanted and region != wanted:
            detail = (
                f"The bucket {bucket} lies in {region}, the dataset in {wanted}: Rekognition reads"
                " images only from buckets in its own region."
            )
            return _with(permission, detail, PermissionState.WRONG_REGION)
        detail = f"The bucket lies in {region}; S3 said so without this permission."
        return _with(permission, detail, PermissionState.NOT_CHECKED)

    def _read_image(self) -> Permission:
        action = "s3:GetObject"
        if self._image is None:
            detail = "There is no image to try it on."
            return Permission(action, _BUCKET[action], PermissionState.NOT_CHECKED, detail)
        bucket, key = self._image
        place = f"s3://{bucket}/{key}"
        try:
            return self._ask(
                action, _BUCKET[action], place, lambda: self._aws.s3.read(bucket, key, length=1)
            )[1]
        except NotFoundError:
            detail = f"The image is not there: {place}"
            return Permission(action, _BUCKET[action], PermissionState.NOT_CHECKED, detail, place)

    def _ask(
        self, action: str, why: str, resource: str, call: Callable[[], T]
    ) -> tuple[T | None, Permission]:
        """Call; a denied permission is an answer, None comes with it."""
        self._cancel.check()
        self._report(Progress(Doing.TRYING, about=action))
        try:
            return call(), Permission(action, why, PermissionState.GRANTED, "", resource)
        except DeniedError as error:
            missing = error.permission or action
            if missing.startswith(_SIGNING_IN):
                raise
            return None, Permission(missing, why, PermissionState.MISSING, error.detail, resource)
        except BusyError as error:
            return None, Permission(action, why, PermissionState.NOT_CHECKED, error.title, resource)


_BUCKET = {
    "s3:GetBucketLocation": "To see in which region the bucket lies",
    "s3:ListBucket": "To find images in the bucket",
    "s3:GetObject": "To show the images",
}


def _with(
    permission: Permission, detail: str, state: PermissionState = PermissionState.GRANTED
) -> Permission:
    return Permission(permission.action, permission.why, state, detail, permission.resource)


def _image_of(lines: list[str]) -> tuple[str, str] | None:
    """Bucket and key of the first of these lines that names an image in S3."""
    for line in lines:
        try:
            parsed: Any = json.loads(line)
            return split_source_ref(str(parsed["source-ref"]))
        except (ValueError, KeyError, TypeError):
            continue
    return None
