"""Signing in: a `Connection` says as whom and where; `connect`, and nothing else, makes the clients of it.

AWS's usual variables and profiles apply wherever a field of the connection is empty. Credentials stay with
botocore: nothing here stores, logs or shows them; those of roles are kept where the AWS CLI keeps them. Those
that AWS refused are looked up again for the next call, so that work goes on after the person signed in anew.
boto3 is imported when a client is first needed, since the import costs half a second.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any, Literal, Self

from truthline import __version__
from truthline.aws.addresses import is_aws
from truthline.aws.call_log import log_calls
from truthline.aws.causes import Caller
from truthline.aws.profiles import describe
from truthline.aws.rekognition import Rekognition
from truthline.aws.s3 import S3
from truthline.aws.translate import refuse_foreign_answers, translated

if TYPE_CHECKING:
    from collections.abc import Collection

    import boto3
    import botocore.session
    from botocore.config import Config

    from truthline.aws.connection import Connection
    from truthline.aws.renewal import RenewableCredentials

# botocore waits 60 s for an answer and tries three times: three minutes until a half-open connection is told.
CONNECT_SECONDS = 5
READ_SECONDS = 20
# An update's answer comes once its 5 MB have arrived, and giving up on it leaves what became of it unknown.
SEND_SECONDS = 60
DEADLINE_SECONDS = 20
"""A call is not tried again once so much time has gone by since it began."""
_READ_TRIES = 3
# With 40 ms of latency 16 to 32 requests at a time were 9 to 12 times as fast as one after another.
_POOL = 32


class Aws:
    """The two services under one sign-in. Both are made on first use, and may be used from any thread."""

    def __init__(
        self, connection: Connection, session: boto3.Session, credentials: RenewableCredentials
    ) -> None:
        self.connection = connection
        self._session = session
        self._credentials = credentials
        self._caller = _caller_of(connection, session, credentials)
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

    def renew(self) -> None:
        """Look the sign-in up again at the next call, as after `aws sso login`; calls under way keep theirs.

        It does nothing slow, and may be called from any thread. The clients stay the same, so whoever holds
        one is served as well.
        """
        self._credentials.renew()

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
        _end_in_time(client)
        log_calls(client)
        return client


def connect(connection: Connection) -> Aws:
    """Sign in as ``connection`` says. No request is sent before the first call needs it.

    Raises:
        SignInError: there is no such profile, or AWS's configuration cannot be read.

    """
    caller = Caller(profile=connection.profile, region=connection.region)
    with translated("sign in to AWS", caller=caller):
        import boto3  # noqa: PLC0415 (slow, see above)

        from truthline.aws.renewal import RenewableCredentials  # noqa: PLC0415 (imports botocore)

        # It warns, with a traceback, of what ends in an error of ours.
        logging.getLogger("botocore.credentials").setLevel(logging.ERROR)
        credentials = RenewableCredentials(lambda refused: _open_session(connection, refused))
        core = _open_session(connection)
        # In the place of botocore's own chain, so that every client made of this session signs with it.
        core.register_component("credential_provider", credentials)
        return Aws(connection, boto3.Session(botocore_session=core), credentials)


def _open_session(connection: Connection, refused: Collection[str] = ()) -> botocore.session.Session:
    """A session that reads AWS's files as they are now, but no access key that is among ``refused``."""
    import botocore.session  # noqa: PLC0415 (slow, see above)

    from truthline.aws.roles import prepare_roles  # noqa: PLC0415 (imports botocore)

    core = botocore.session.Session(profile=connection.profile or None)
    # Signing in talks to services of its own, which must not hang for longer than ours.
    core.set_default_client_config(_config(READ_SECONDS, _READ_TRIES))
    prepare_roles(core, connection.asker, refused)
    if connection.endpoint_url and not is_aws(connection.endpoint_url):
        # Whoever names another server does not mean the credentials of the EC2 instance that this may be.
        core.get_component("credential_provider").remove("iam-role")
    return core


def _end_in_time(client: Any) -> None:
    """Bound a whole call and not each try alone: three tries at a silent service would take minutes."""
    service = client.meta.service_model.service_id.hyphenize()

    def begin(context: dict[str, Any], **_: object) -> None:
        context["truthline_began"] = time.monotonic()

    def decide(request_dict: dict[str, Any], **_: object) -> bool | None:
        began = request_dict["context"].get("truthline_began")
        late = began is not None and time.monotonic() - began >= DEADLINE_SECONDS
        return False if late else None  # None leaves it to botocore

    client.meta.events.register(f"before-call.{service}", begin)
    client.meta.events.register_first(f"needs-retry.{service}", decide)


def _config(read_seconds: int, tries: int) -> Config:
    from botocore.config import Config  # noqa: PLC0415 (slow, see above)

    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": tries},
        max_pool_connections=_POOL,
        user_agent_extra=f"Truthline/{__version__}",
    )


def _caller_of(connection: Connection, session: boto3.Session, credentials: RenewableCredentials) -> Caller:
    profile = connection.profile or os.environ.get("AWS_PROFILE", "")
    # Other AWS tools read AWS_REGION, botocore only AWS_DEFAULT_REGION.
    region = connection.region or os.environ.get("AWS_REGION", "") or session.region_name or ""
    core = session._session  # noqa: SLF001 (no other way)
    name = str(core.profile or "default")
    told = describe(name, core.full_config)
    # Whoever did not choose a profile need not type it either.
    command = told.command if profile else told.command.removesuffix(f" --profile {name}")
    return Caller(profile, region, told.source, sign_in=command, remedy=told.remedy, doubt=credentials.doubt)
