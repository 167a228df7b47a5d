"""The tables of the search read model. A document is an app or a permission as search knows it; what
many have in common (the app's words, who may see it) stands once and is named by number. Everything is
kept by generation, so that a new index grows beside the one that is searched."""

from __future__ import annotations

from enum import StrEnum

from projections.catalog.search import editions


class Collection(StrEnum):
    """What is searched for."""

    APP = "app"
    PERMISSION = "permission"

    def postings(self, generation: int) -> str:
        """Return the name of the collection's postings in a generation."""
        return f"{self}_{generation}"


TABLES = (
    "search_generation",
    "search_pending",
    "search_document",
    "search_context",
    "search_term",
    "search_total",
    "search_tally",
    "search_audience",
    "search_edition",
)
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS search_generation ("
    "generation BIGINT PRIMARY KEY, analyser TEXT NOT NULL, state TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS search_pending ("
    "generation BIGINT NOT NULL, collection TEXT NOT NULL, item_id TEXT NOT NULL, "
    "PRIMARY KEY (generation, collection, item_id))",
    "CREATE TABLE IF NOT EXISTS search_document ("
    "generation BIGINT NOT NULL, collection TEXT NOT NULL, number BIGINT NOT NULL, "
    "item_id TEXT NOT NULL, app_id TEXT NOT NULL, audience BIGINT NOT NULL, "
    "context BIGINT NOT NULL, label TEXT NOT NULL, "
    "description TEXT NOT NULL, marks TEXT NOT NULL, PRIMARY KEY (generation, collection, number))",
    "CREATE UNIQUE INDEX IF NOT EXISTS search_document_by_item "
    "ON search_document (generation, collection, item_id)",
    "CREATE TABLE IF NOT EXISTS search_context ("
    "context BIGINT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, app TEXT NOT NULL, "
    "categories TEXT NOT NULL, about TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS search_term ("
    "generation BIGINT NOT NULL, collection TEXT NOT NULL, term TEXT NOT NULL, "
    "documents BIGINT NOT NULL, size BIGINT NOT NULL, letters BIGINT NOT NULL, "
    "initial TEXT NOT NULL, opening TEXT NOT NULL, PRIMARY KEY (generation, collection, term))",
    "CREATE INDEX IF NOT EXISTS search_term_by_initial "
    "ON search_term (generation, collection, initial, size)",
    "CREATE INDEX IF NOT EXISTS search_term_by_opening "
    "ON search_term (generation, collection, opening)",
    "CREATE TABLE IF NOT EXISTS search_total ("
    "generation BIGINT NOT NULL, collection TEXT NOT NULL, field TEXT NOT NULL, "
    "total BIGINT NOT NULL, PRIMARY KEY (generation, collection, field))",
    "CREATE TABLE IF NOT EXISTS search_tally ("
    "generation BIGINT NOT NULL, app_id TEXT NOT NULL, audience BIGINT NOT NULL, "
    "permissions BIGINT NOT NULL, PRIMARY KEY (generation, app_id, audience))",
    "CREATE TABLE IF NOT EXISTS search_audience ("
    "audience BIGINT PRIMARY KEY, group_name TEXT NOT NULL, policy TEXT NOT NULL, "
    "app_policy TEXT NOT NULL, UNIQUE (group_name, policy, app_policy))",
    *editions.SCHEMA,
)
