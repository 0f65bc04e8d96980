"""Every error that Truthline raises on purpose, as one tree.

::

    TruthlineError
    ├── UsageError                 the request itself makes no sense: a bad ARN, a missing target
    ├── UnreadableFileError        a manifest or image folder cannot be read or written
    │   └── NotLinesError          a manifest has no lines, but values that could be read as entries
    ├── WorkspaceError             the workspace file is damaged or from a newer Truthline
    │   ├── WorkspaceHeldError     another running Truthline has it open
    │   ├── MissingEntryError      no such entry or batch, or no longer; a KeyError too
    │   └── DamagedEntryError      what is stored of one image is damaged; the others are sound
    ├── ImageError                 an image cannot be shown: broken, too large, not PNG or JPEG
    ├── CancelledError             the person cancelled
    ├── UnforeseenError            nobody foresaw it: a mistake in Truthline, of which the log tells
    └── ServiceError               AWS said no, or could not be asked
        ├── OfflineError           no connection to the endpoint
        ├── UnknownEndpointError   the endpoint that a workspace names was not chosen on this computer
        ├── SignInError            no credentials, or they have expired
        ├── DeniedError            a permission is missing
        ├── RegionError            no region, or bucket and dataset lie in different ones
        ├── ClockError             this computer's clock is off
        ├── ThrottledError         too many requests; trying later helps
        ├── BusyError              another update of the dataset is running
        ├── NotFoundError          no such dataset, project, bucket or object
        ├── InvalidRequestError    the service refused the request as malformed or over a limit
        ├── NotFromAwsError        something answered, but not AWS (a portal or proxy)
        └── FaultError             the service or the way to it failed, or said what nobody knows

``title`` says what happened in one sentence, ``detail`` what to do next, ``place`` which image, line or
file it concerns. All three are plain text for people: nothing reads them. What something acts on is the class
of an error, or a field of it.
"""

from __future__ import annotations

from copy import copy
from typing import ClassVar, Self

from typing_extensions import override


class TruthlineError(Exception):
    """An error told in the user's words.

    Args:
        title: one sentence: what happened.
        detail: what to do next; may be empty.
        place: the image, line or file concerned; may be empty.
        code: the service's own code, for searching; may be empty.

    """

    def __init__(self, title: str, *, detail: str = "", place: str = "", code: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.detail = detail
        self.place = place
        self.code = code

    @override
    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.title} {self.detail}".strip()

    def with_detail(self, detail: str) -> Self:
        """The same error with another advice."""
        other = copy(self)
        other.detail = detail
        return other


class UsageError(TruthlineError):
    """The request itself makes no sense."""


class UnreadableFileError(TruthlineError):
    """A file or folder cannot be read or written."""


class NotLinesError(UnreadableFileError):
    """A manifest is one JSON array, or values spread over lines: it can be read as one entry a value."""


class WorkspaceError(TruthlineError):
    """The workspace file is damaged, or made by a newer Truthline."""


class WorkspaceHeldError(WorkspaceError):
    """Another running Truthline has this workspace open; ``detail`` says who."""


class DamagedEntryError(WorkspaceError):
    """What the workspace stored of one entry is damaged; ``place`` names it."""


class MissingEntryError(WorkspaceError, KeyError):
    """The workspace holds no such entry or batch, or no longer."""


class ImageError(TruthlineError):
    """An image cannot be shown."""


class CancelledError(TruthlineError):
    """The person cancelled the work."""

    def __init__(self, title: str = "Cancelled.") -> None:
        super().__init__(title)


class UnforeseenError(TruthlineError):
    """Nobody foresaw it: a mistake in Truthline. What it was stands in the log, not here."""

    def __init__(self) -> None:
        super().__init__(
            "Something went wrong that Truthline did not foresee.", detail="The log tells where."
        )


class ServiceError(TruthlineError):
    """AWS refused, failed, or could not be asked.

    ``outcome_unknown`` tells whether the service may have carried out the call all the same; ``reason`` is
    why, in a sentence that does not say what was tried, and the title where there is no such sentence.
    """

    outcome_unknown: ClassVar[bool] = False

    def __init__(self, title: str, *, reason: str = "", **told: str) -> None:
        super().__init__(title, **told)
        self.reason = reason or title


class OfflineError(ServiceError):
    """The endpoint cannot be reached."""

    outcome_unknown = True


class UnknownEndpointError(ServiceError):
    """A workspace names an endpoint that is neither AWS's nor chosen on this computer; nothing was sent."""


class SignInError(ServiceError):
    """There are no usable credentials; ``command`` is what to type to sign in again, "" if nothing helps."""

    def __init__(self, title: str, *, command: str = "", **told: str) -> None:
        super().__init__(title, **told)
        self.command = command


class DeniedError(ServiceError):
    """A permission is missing; ``permission`` is IAM's name of it, "" if that is not known."""

    def __init__(self, title: str, *, permission: str = "", **told: str) -> None:
        super().__init__(title, **told)
        self.permission = permission


class RegionError(ServiceError):
    """No region is set, or the bucket lies in another one."""


class ClockError(ServiceError):
    """The computer's clock is too far off for signed requests."""


class ThrottledError(ServiceError):
    """Too many requests; trying again later helps."""


class BusyError(ServiceError):
    """Another update of the dataset is running."""


class NotFoundError(ServiceError):
    """There is no such dataset, project, bucket or object."""


class InvalidRequestError(ServiceError):
    """The service refused the request as malformed or over a limit."""


class NotFromAwsError(ServiceError):
    """Something answered that is not AWS, such as a sign-in portal or a proxy."""

    outcome_unknown = True


class FaultError(ServiceError):
    """The service or the way to it failed, or said what nobody knows; what was asked may be done or not."""

    outcome_unknown = True
