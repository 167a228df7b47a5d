"""The compose file: what it names is there, what it sets is a setting, and its parts are kept apart."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml

from server import deployment
from server.setting_parsers import PARSERS
from tests.conftest import missing

FOLDER = deployment.FOLDER
FILLED_IN = {
    line.split("=", 1)[0]: line.split("=", 1)[1]
    for line in (FOLDER / ".env.example").read_text().splitlines()
    if line and not line.startswith("#")
}
_VARIABLE = re.compile(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}")


@cache
def composed() -> dict[str, Any]:
    """Return the file as compose reads it with what an operator fills in."""

    def filled(found: re.Match[str]) -> str:
        name, how, other = found.groups()
        return FILLED_IN[name] if how != ":-" else FILLED_IN.get(name, other)

    text = _VARIABLE.sub(filled, (FOLDER / "compose.yaml").read_text())
    return {key: value for key, value in yaml.safe_load(text).items() if key[:2] != "x-"}


def services() -> dict[str, dict[str, Any]]:
    return dict(composed()["services"])


def test_it_keeps_to_the_compose_specification() -> None:
    try:
        from compose_spec import PyCompose  # noqa: PLC0415 - only this test needs it
    except ImportError:
        missing("compose-spec")
    read = PyCompose.from_yaml(yaml.safe_dump(composed()))
    read.validate()
    assert set(read.service_names()) == set(services())


def test_every_file_and_volume_that_it_mounts_is_there() -> None:
    used = set()
    for service in services().values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (FOLDER / source).is_file(), source
            else:
                used.add(source)
    assert used == set(composed()["volumes"])


def test_every_image_has_a_version() -> None:
    for name, service in services().items():
        tag = service["image"].rpartition(":")[2]
        assert re.match(r"\d", tag), name
        official = service["image"].startswith("docker.io/library/")
        assert official or service["image"] == "doorward:0.1.0"


def test_what_it_sets_are_settings_of_doorward() -> None:
    given = {name: FILLED_IN[name] for name in FILLED_IN if name.startswith("DOORWARD_")}
    for service in services().values():
        environment = service.get("environment", {})
        given |= {name: v for name, v in environment.items() if name.startswith("DOORWARD_")}
    assert given
    for name, value in given.items():
        setting = name.removeprefix("DOORWARD_").lower()
        if setting in PARSERS:
            PARSERS[setting](str(value))
        else:
            assert setting.removesuffix("_file") in PARSERS, name


def test_nobody_has_the_keys_but_who_needs_them() -> None:
    holders = {
        name: mount
        for name, service in services().items()
        for mount in service.get("volumes", ())
        if mount.startswith("keys:")
    }
    assert {name for name, mount in holders.items() if mount.endswith(":ro")} == {
        "doorward-1",
        "doorward-2",
        "accounts",
    }
    assert set(holders) - {"doorward-1", "doorward-2", "accounts"} == {"keys"}


def test_the_database_and_nats_are_not_reachable_from_outside() -> None:
    assert composed()["networks"]["back"] == {"internal": True}
    published = [name for name, service in services().items() if "ports" in service]
    assert published == ["caddy"]
    for name, service in services().items():
        if name == "postgres" or name.startswith("nats-"):
            assert service["networks"] == ["back"]


def test_doorward_runs_without_rights_on_a_disk_that_it_cannot_write() -> None:
    for name in ("doorward-1", "doorward-2"):
        service = services()[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "user" not in service
        assert service["security_opt"] == ["no-new-privileges:true"]
