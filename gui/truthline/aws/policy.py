"""The IAM policy that Truthline needs, for whoever looks after the AWS account."""

from __future__ import annotations

import json
from typing import Any

from truthline.aws.rekognition import DatasetArn, parse_dataset_arn

_READ = ("DescribeDataset", "ListDatasetEntries", "ListDatasetLabels")
_CHANGE = ("UpdateDatasetEntries", "DistributeDatasetEntries", "DeleteDataset")


def policy(arn: str = "", bucket: str = "", *, may_change: bool = True) -> str:
    """The policy as JSON text, indented by two.

    Datasets are named by their project, since a dataset that is made anew gets another number. What is not
    known stands as a word in capitals: REGION, ACCOUNT, PROJECT, BUCKET.

    Args:
        arn: the dataset's, or "".
        bucket: the name of the bucket that holds its images, or "".
        may_change: False for someone who only looks.

    Raises:
        UsageError: ``arn`` is not that of a dataset.

    """
    known = parse_dataset_arn(arn) if arn else DatasetArn("aws", "REGION", "ACCOUNT", "PROJECT", "TRAIN", 0)
    any_project = f"arn:{known.partition}:rekognition:{known.region}:{known.account}:project"
    project = f"{any_project}/{known.project}"
    place = f"arn:{known.partition}:s3:::{bucket or 'BUCKET'}"
    changes = _CHANGE if may_change else ()
    statements = [
        # The service can limit this one to no project.
        _allow("FindProjects", ("rekognition:DescribeProjects",), "*"),
        _allow("SeeTraining", ("rekognition:DescribeProjectVersions",), f"{project}/*"),
        _allow("LabelAndWatch", _of_rekognition(*_READ, *changes), f"{project}/dataset/*"),
        _allow("FindImages", ("s3:ListBucket", "s3:GetBucketLocation"), place),
    ]
    if may_change:
        made = _of_rekognition("CreateDataset", "DeleteProject")
        stored = ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload")
        statements += [
            _allow("MakeDatasets", made, f"{project}/*"),
            _allow("MakeProjects", ("rekognition:CreateProject",), f"{any_project}/*"),
            _allow("ReadAndUploadImages", stored, f"{place}/*"),
        ]
    else:
        statements.append(_allow("ReadImages", ("s3:GetObject",), f"{place}/*"))
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def _of_rekognition(*operations: str) -> tuple[str, ...]:
    return tuple(f"rekognition:{operation}" for operation in operations)


def _allow(name: str, actions: tuple[str, ...], resource: str) -> dict[str, Any]:
    return {"Sid": name, "Effect": "Allow", "Action": list(actions), "Resource": resource}
