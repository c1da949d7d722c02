"""What a cache's URL says, and that it never shows a password."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural_hive.cache.address import read_address
from neural_hive.errors import SettingsError


@pytest.mark.parametrize(
    ("url", "opened", "nodes", "place"),
    [
        ("redis://box", "redis://box:6379/0", (("box", 6379),), "redis://box:6379"),
        ("redis://box:7/2", "redis://box:7/2", (("box", 7),), "redis://box:7"),
        (
            "rediss://ana:s%40fe@box:7/?ssl_ca_certs=ca.pem",
            "rediss://ana:s%40fe@box:7/0?ssl_ca_certs=ca.pem",
            (("box", 7),),
            "rediss://box:7",
        ),
        ("redis://[::1]:7", "redis://[::1]:7/0", (("::1", 7),), "redis://[::1]:7"),
        ("redis+cluster://:pw@a:1,b:2", "redis://:pw@a:1/0", (("a", 1), ("b", 2)), "redis+cluster://a:1,b:2"),
        ("rediss+cluster://a,b:2/?prefix=x", "rediss://a:6379/0", (("a", 6379), ("b", 2)), "rediss+cluster://a:6379,b:2"),
    ],
)
def test_what_it_says(url: str, opened: str, nodes: tuple[tuple[str, int], ...], place: str) -> None:
    found = read_address(url)
    assert (found.url, found.nodes, found.place, found.cluster) == (opened, nodes, place, "+cluster" in url)


def test_hives_that_share_a_server_have_a_prefix_each() -> None:
    assert read_address("redis://a").prefix == "hive"
    assert read_address("redis://a").deadline == 0.05
    assert read_address("redis://a?deadline=0.2").deadline == 0.2
    assert read_address("redis://a/0?prefix=other").prefix == "other"


@pytest.mark.parametrize("option", [f"ssl_cert_reqs={word}" for word in ("none", "optional", "required")] + ["ssl_check_hostname=false"])
def test_options_of_tls_are_the_drivers(option: str) -> None:
    assert read_address(f"rediss://a?{option}").url == f"rediss://a:6379/0?{option}"


@pytest.mark.parametrize(
    "url",
    [
        *("", "redis:", "redis://", "redis://:1", "redis://a:0", "redis://a:65536", "redis://a:x", "redis://a/b", "redis://a,b"),
        *(
            "redis+cluster://a/1",
            "redis://a?deadline=0",
            "redis://a?deadline=11",
            "redis://a?deadline=nan",
            "redis+cluster://a,,b",
            "redis://a?socket_timeout=9",
            "redis://a?prefix=%0a",
            "redis://a#b",
            "rediss://a?ssl_cert_reqs=requred",
            "rediss://a?ssl_cert_reqs=",
            "rediss://a?ssl_check_hostname=no",
            "rediss://a?ssl_ca_certs=",
            "memory:",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="prefix, deadline"):
        read_address(url)


@given(st.text(max_size=20), st.sampled_from(["redis://", "redis+cluster://", ""]))
def test_any_text_is_an_address_or_refused(text: str, scheme: str) -> None:
    try:
        found = read_address(scheme + text)
    except SettingsError:
        return
    assert found.nodes
    assert "@" not in found.place
