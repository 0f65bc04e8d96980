"""Which endpoints are AWS's: by the whole address, never by a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.loaders import Loader
from botocore.regions import EndpointResolver

from present import present
from truthline.aws.addresses import DOMAINS, is_aws, origin_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def everywhere() -> Iterator[str]:
    """Each endpoint of the two services that botocore knows."""
    resolver = EndpointResolver(Loader().load_data("endpoints"))
    for service in ("rekognition", "s3"):
        for partition in resolver.get_available_partitions():
            for region in resolver.get_available_endpoints(service, partition):
                yield present(resolver.construct_endpoint(service, region, partition))["hostname"]


@pytest.mark.parametrize("host", sorted(set(everywhere())))
def test_every_endpoint_of_the_two_services_is_awss(host: str) -> None:
    assert is_aws(f"https://{host}")
    assert is_aws(f"https://{host}/")
    assert not is_aws(f"http://{host}")


def test_the_domains_are_those_of_botocores_partitions() -> None:
    outputs = [partition["outputs"] for partition in Loader().load_data("partitions")["partitions"]]
    known = {one[name] for one in outputs for name in ("dnsSuffix", "dualStackDnsSuffix")}
    assert known == set(DOMAINS)


@pytest.mark.parametrize(
    "url",
    [
        "https://rekognition-fips.us-gov-west-1.amazonaws.com",
        "https://s3.dualstack.eu-west-1.amazonaws.com",
        "https://vpce-0a1b2c-x9.rekognition.eu-west-1.vpce.amazonaws.com",
        "https://S3.EU-WEST-1.AMAZONAWS.COM",
    ],
)
def test_other_forms_of_aws(url: str) -> None:
    assert is_aws(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://amazonaws.com",
        "https://rekognition.eu-west-1.amazonaws.com.evil.example",
        "https://evilamazonaws.com",
        "https://rekognition.eu-west-1.amazonaws.com@evil.example/",
        "https://evil.example/https://rekognition.eu-west-1.amazonaws.com",
        "https://evil.example#.rekognition.eu-west-1.amazonaws.com",
        "https://evil.example\\@rekognition.eu-west-1.amazonaws.com",
        "https://evil.example\\.rekognition.eu-west-1.amazonaws.com",
        "https://abc123.execute-api.eu-west-1.amazonaws.com",
        "https://ec2-1-2-3-4.compute-1.amazonaws.com",
        "https://rekognition.evil.eu-west-1.elb.amazonaws.com",
        "https://bucket.s3.eu-west-1.amazonaws.com",
        "https://rekognition.eu-west-1.amazonaws.com:8443",
        "https://rekognition.eu-west-1.amazonaws.com\n.evil.example",
        "https://rekognition.eu-west-1.amazonaws.c\N{CYRILLIC SMALL LETTER O}m",
        "http://127.0.0.1:5000",
    ],
)
def test_what_only_looks_like_aws(url: str) -> None:
    assert not is_aws(url)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("HTTP://Storage.Example:9000/base/", "http://storage.example:9000"),
        ("https://[::1]:5000/", "https://[::1]:5000"),
        ("https://host", "https://host"),
        ("", ""),
        ("host:5000", ""),
        ("ftp://host", ""),
        ("https://good.example@evil.example", ""),
        ("https://evil.example\\@good.example", ""),
        ("https://good.example /x", ""),
        ("https://good.example?x", ""),
        ("https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example", ""),
    ],
)
def test_the_origin_is_who_gets_the_requests(url: str, origin: str) -> None:
    assert origin_of(url) == origin
