"""Metrics as Prometheus would read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from tests.web import Web


@dataclass(frozen=True)
class Scraped:
    """The samples of one scrape."""

    text: str
    samples: tuple[tuple[str, Mapping[str, str], float], ...]

    def value(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of this name that have these labels."""
        return sum(
            value
            for found, has, value in self.samples
            if found == name and labels.items() <= has.items()
        )

    def names(self) -> set[str]:
        """Return the names of all samples."""
        return {name for name, _labels, _value in self.samples}


def parsed(text: str) -> Scraped:
    """Parse what was answered, strictly."""
    families = text_string_to_metric_families(text)
    return Scraped(
        text,
        tuple((one.name, one.labels, one.value) for family in families for one in family.samples),
    )


async def scraped(web: Web) -> Scraped:
    """Ask for the metrics, from this machine."""
    answer = await web.http.get(f"{web.issuer}/metrics")
    assert answer.status_code == 200, answer.text
    return parsed(answer.text)
