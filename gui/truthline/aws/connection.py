"""As whom and where to reach AWS, said once; it costs nothing to load, unlike what is made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from truthline.errors import UsageError

_ARN_REGION = re.compile(r"arn:[a-z\d-]+:rekognition:([a-z\d-]+):\d{12}:project/")


@dataclass(frozen=True, slots=True)
class Connection:
    """As whom and where to reach AWS; an empty field leaves it to AWS's variables and profiles."""

    profile: str = ""
    region: str = ""
    endpoint_url: str = ""

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
