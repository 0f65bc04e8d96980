"""Signing in: a `Connection` says as whom and where, `connect` makes the clients of it.

AWS's usual variables and profiles apply wherever a field of the connection is empty. Credentials stay with
botocore: nothing here stores, logs or shows them. boto3 is imported when a client is first needed, since the
import costs half a second.
"""

from __future__ import annotations

import os
import threading
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from truthline.aws.causes import Caller
from truthline.aws.rekognition import Rekognition
from truthline.aws.s3 import S3
from truthline.aws.translate import refuse_foreign_answers, translated

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config

    from truthline.aws.connection import Connection

CONNECT_SECONDS = 5
READ_SECONDS = 20
SEND_SECONDS = 60
_READ_TRIES = 3
_POOL = 32


class Aws:
    """The two services under one sign-in. Both are made on first use, and may be used from any thread."""

    def __init__(self, connection: Connection, session: boto3.Session) -> None:
        self.connection = connection
        self._session = session
        self._caller = _caller_of(connection, session)
        # boto3's sessions, unlike its clients, must not be used by two threads at once.
        self._lock = threading.Lock()
        self._rekognition: Rekognition | None = None
        self._s3: S3 | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def rekognition(self) -> Rekognition:
        """The datasets.

        Raises:
            RegionError: no region is chosen.
            SignInError: the profile's saved sign-in is broken.

        """
        with self._lock:
            if self._rekognition is None:
                self._rekognition = self._make_rekognition()
            return self._rekognition

    @property
    def s3(self) -> S3:
        """The images; raises as `rekognition` does."""
        with self._lock:
            if self._s3 is None:
                self._s3 = self._make_s3()
            return self._s3

    def close(self) -> None:
        """Close the connections; the clients must not be used after that."""
        with self._lock:
            for service in (self._rekognition, self._s3):
                if service is not None:
                    service.close()

    def _make_rekognition(self) -> Rekognition:
        with translated("connect to Rekognition", caller=self._caller):
            reads = self._client("rekognition", _config(READ_SECONDS, _READ_TRIES))
            # botocore would send an update a second time when only its answer was lost.
            writes = self._client("rekognition", _config(SEND_SECONDS, 1))
        return Rekognition(reads, writes, self._caller)

    def _make_s3(self) -> S3:
        with translated("connect to S3", caller=self._caller):
            # With an address of its own, botocore puts the bucket into the path, as other servers expect it.
            client = self._client("s3", _config(READ_SECONDS, _READ_TRIES))
        return S3(client, self._caller)

    def _client(self, service: Literal["rekognition", "s3"], config: Config) -> Any:
        client = self._session.client(
            service,
            region_name=self._caller.region or None,
            endpoint_url=self.connection.endpoint_url or None,
            config=config,
        )
        refuse_foreign_answers(client)
        return client


def connect(connection: Connection) -> Aws:
    """Sign in as ``connection`` says. No request is sent before the first call needs it.

    Raises:
        SignInError: there is no such profile, or AWS's configuration cannot be read.

    """
    caller = Caller(profile=connection.profile, region=connection.region)
    with translated("sign in to AWS", caller=caller):
        import boto3  # noqa: PLC0415 (slow, see above)
        import botocore.session  # noqa: PLC0415

        core = botocore.session.Session(profile=connection.profile or None)
        # Signing in talks to services of its own, which must not hang for longer than ours.
        core.set_default_client_config(_config(READ_SECONDS, _READ_TRIES))
        return Aws(connection, boto3.Session(botocore_session=core))


def profiles() -> list[str]:
    """The names of the configured AWS profiles, in the order of the files.

    Raises:
        SignInError: AWS's configuration cannot be read.

    """
    with translated("list the AWS profiles"):
        import botocore.session  # noqa: PLC0415 (slow, see above)

        return list(botocore.session.Session().available_profiles)


def _config(read_seconds: int, tries: int) -> Config:
    from botocore.config import Config  # noqa: PLC0415 (slow, see above)

    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": tries},
        max_pool_connections=_POOL,
    )


def _caller_of(connection: Connection, session: boto3.Session) -> Caller:
    profile = connection.profile or os.environ.get("AWS_PROFILE", "")
    # Other AWS tools read AWS_REGION, botocore only AWS_DEFAULT_REGION.
    region = connection.region or os.environ.get("AWS_REGION", "") or session.region_name or ""
    return Caller(profile, region, _credentials_of(session))


def _credentials_of(session: boto3.Session) -> str:
    """Where the profile takes its credentials from, in words."""
    settings = session._session.get_scoped_config()  # noqa: SLF001 (no other way)
    config_file = os.environ.get("AWS_CONFIG_FILE", "~/.aws/config")
    if "credential_process" in settings:
        return f"the credential_process that {config_file} names"
    name = settings.get("sso_session") or settings.get("sso_start_url")
    if name:
        # The name that AWS's tools give the file; nothing is kept secret by it.
        digest = sha1(str(name).encode(), usedforsecurity=False).hexdigest()
        return str(Path("~/.aws/sso/cache", f"{digest}.json").expanduser())
    return f"{config_file} and {os.environ.get('AWS_SHARED_CREDENTIALS_FILE', '~/.aws/credentials')}"
