"""As whom and where to reach AWS, said once; it costs nothing to load, unlike what is made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from truthline.errors import SignInError, UsageError

_ARN_REGION = re.compile(r"arn:[a-z\d-]+:rekognition:([a-z\d-]+):\d{12}:project/")


class CodeAsker:
    """Asks a person for the code of an MFA device. This one knows nobody to ask."""

    def ask(self, role: str, device: str) -> str:
        """The code for taking ``role`` (an ARN); called on the thread that signs in, which it may block.

        Raises:
            SignInError: nobody can be asked, or the person does not want to.
            CancelledError: the person cancelled the work that needs it.

        """
        raise SignInError(
            f"The role {role} needs a code of the MFA device {device}, and nobody can be asked for it.",
            detail="Run this in a terminal, or sign in first with the AWS command line.",
        )

    def ask_again(self) -> None:
        """Forget that a person did not want to be asked, since that person asks for work now."""


@dataclass(frozen=True, slots=True)
class Connection:
    """As whom and where to reach AWS; an empty field leaves it to AWS's variables and profiles."""

    profile: str = ""
    region: str = ""
    endpoint_url: str = ""
    asker: CodeAsker = field(default_factory=CodeAsker, repr=False, compare=False)

    def over(self, other: Connection) -> Connection:
        """The same, with what ``other`` says in the fields that this one leaves open."""
        return replace(
            self,
            profile=self.profile or other.profile,
            region=self.region or other.region,
            endpoint_url=self.endpoint_url or other.endpoint_url,
        )

    def for_arn(self, arn: str) -> Connection:
        """The same in the region that the ARN of a project or dataset names, unless it has one of its own.

        Raises:
            UsageError: that is no such ARN.

        """
        match = _ARN_REGION.match(arn)
        if not match:
            raise UsageError(
                "This is not the ARN of a Rekognition project or dataset.",
                detail="It begins like arn:aws:rekognition:eu-west-1:123456789012:project/.",
                place=arn,
            )
        return self if self.region else replace(self, region=match[1])
