"""Bring a catalog in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from domain.catalog import EVERYONE
from projections.policies import policies
from server.catalog.entries import BadCatalog
from server.catalog.file import CatalogFile
from server.catalog.importing import JOB, Importing, Progress, Wish
from server.catalog.opening import CatalogPath, Format, opened
from server.catalog.source import Source, Survey, survey
from server.operations.operation import CLI, Operation, Report, read_wish
from server.operations.read_models import catch_up
from server.wiring import System

INDEXED_EVERY = 5_000
"""Records after which read models are brought up, so that progress tells of that work too."""


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    format: Format = Format.AUTO
    audience: str = EVERYONE
    policy: str = ""
    dry_run: bool = False
    retire_absent: bool = False
    retire_most: bool = False


_asked_decoder = msgspec.json.Decoder(_Asked)


def import_file(system: System, body: bytes, report: Report) -> dict[str, Any]:
    """Import the file at a path; raises `BadCatalog` before anything is written."""
    asked = read_wish(_asked_decoder, body)
    wish = Wish(asked.dry_run, asked.retire_absent, asked.retire_most)
    file = CatalogPath(Path(asked.path), asked.format, asked.audience, asked.policy)
    with opened(file) as source:
        if wish.retire_absent and isinstance(source, CatalogFile) and not source.lists_all:
            raise BadCatalog("--retire-absent takes a file that has both apps and permissions")
        return _import(system, source, wish, report)


def catalog_import(system: System, content: bytes, report: Report) -> dict[str, Any]:
    """Import what a catalog file of ours holds; raises `BadCatalog` before anything is written."""
    return _import(system, CatalogFile(content), Wish(), report)


def catalog_preview(system: System, content: bytes, report: Report) -> dict[str, Any]:
    """Say what importing a catalog file of ours would change; raises `BadCatalog`."""
    return _import(system, CatalogFile(content), Wish(dry_run=True), report)


def _import(system: System, source: Source, wish: Wish, report: Report) -> dict[str, Any]:
    surveyed = survey(source)
    _check_policies(system, source, surveyed)

    def tell(progress: Progress) -> None:
        if progress.done % INDEXED_EVERY < JOB and not wish.dry_run:
            catch_up(system)
        report({"done": progress.done, "total": progress.total})

    importing = Importing(system.bus, system.reads, CLI, system.clock, system.new_id, tell)
    done = importing.run(source, surveyed, wish)
    if not wish.dry_run:
        catch_up(system)
    return {
        "apps": surveyed.apps,
        "permissions": surveyed.permissions,
        "policies": surveyed.policies,
        "added": done.added,
        "changed": done.changed,
        "unchanged": done.unchanged,
        **({"retired": done.retired} if wish.retire_absent else {}),
        **({"skipped": source.skipped} if source.skipped else {}),
        **({"dry_run": True} if wish.dry_run else {}),
    }


def _check_policies(system: System, source: Source, surveyed: Survey) -> None:
    """Refuse a name that would silently mean the default policy."""
    standing = {one.policy_id for one in system.reads.blocking(policies)} | source.policies.keys()
    for policy_id, key in surveyed.policies_named.items():
        if policy_id not in standing:
            raise BadCatalog(f"{key} names the policy {policy_id}; there is none such")


OPERATIONS: Mapping[str, Operation] = {"catalog import": import_file}
