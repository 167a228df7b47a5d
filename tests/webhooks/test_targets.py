"""Where a webhook may lead, as far as its URL says; what a name means is judged at each call."""

from __future__ import annotations

import pytest

from domain.webhook import UnusableUrl
from server.config import Settings
from server.webhooks.lifecycle import check_target

NAMED = Settings(webhook_networks=("10.20.0.0/16", "127.0.0.1/32"))
ALL = Settings(webhook_insecure=True)


@pytest.mark.parametrize(
    "url", ["https://hooks.example/x", "https://93.184.216.34/x", "https://10.20.3.4/x"]
)
def test_public_hosts_and_those_of_named_networks_may_be_called(url: str) -> None:
    check_target(url, NAMED)


@pytest.mark.parametrize("url", ["https://localhost/x", "https://[::ffff:10.20.3.4]/x"])
def test_other_ways_to_write_an_address_of_a_named_network_are_known(url: str) -> None:
    check_target(url, NAMED)
    with pytest.raises(UnusableUrl, match="DOORWARD_WEBHOOK_NETWORKS"):
        check_target(url, Settings())


@pytest.mark.parametrize(
    "url",
    ["http://10.20.3.4/x", "https://10.21.0.1/x", "https://[::1]/x", "https://[64:ff9b::a15:1]/x"],
)
def test_plain_http_and_other_private_addresses_may_not(url: str) -> None:
    with pytest.raises(UnusableUrl, match="DOORWARD_WEBHOOK_"):
        check_target(url, NAMED)
    check_target(url, ALL)
