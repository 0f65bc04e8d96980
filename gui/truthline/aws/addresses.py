"""Whose an endpoint's address is: AWS's own, or somebody else's.

A domain of AWS's does not make an address AWS's: anybody can have a server at ``compute.amazonaws.com``,
``execute-api…amazonaws.com`` or ``elb.amazonaws.com``. So the whole address has to be that of one of the two
services. What is odd in any way (a name before an @, a backslash, a port) is read differently by different
software, and is nobody's.
"""

from __future__ import annotations

import re
from typing import Final

DOMAINS: Final = (
    "amazonaws.com",
    "api.aws",
    "amazonaws.com.cn",
    "api.amazonwebservices.com.cn",
    "amazonaws.eu",
    "api.amazonwebservices.eu",
    "c2s.ic.gov",
    "api.aws.ic.gov",
    "sc2s.sgov.gov",
    "api.aws.scloud",
    "cloud.adc-e.uk",
    "api.cloud-aws.adc-e.uk",
    "csp.hci.ic.gov",
    "api.aws.hci.ic.gov",
)
"""Under which AWS has its services, in all of its partitions."""

_DOMAIN: Final = "|".join(re.escape(domain) for domain in DOMAINS)
_REGION: Final = r"[a-z]{2,4}(-[a-z]+){1,2}-\d"
_AWS: Final = re.compile(
    rf"https://(vpce-[a-z\d-]+\.)?(rekognition|s3)(-fips)?(\.dualstack)?(\.{_REGION})?(\.vpce)?\.({_DOMAIN})/?",
    re.ASCII | re.IGNORECASE,
)
_ORIGIN: Final = re.compile(
    r"(https?://(?:[a-z\d](?:[a-z\d.-]*[a-z\d])?|\[[\da-f:.]+\])(?::\d{1,5})?)(?:/[\w./~-]*)?",
    re.ASCII | re.IGNORECASE,
)


def is_aws(url: str) -> bool:
    """Whether a request to this endpoint goes to AWS, encrypted."""
    return _AWS.fullmatch(url) is not None


def origin_of(url: str) -> str:
    """Scheme, host and port in small letters: who gets the requests; "" if it is no plain address."""
    match = _ORIGIN.fullmatch(url)
    return match[1].lower() if match else ""
