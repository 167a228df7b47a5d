"""The contract with systems that listen to Doorward or give it commands, made from the code that keeps it.

    domain.events, server.integrations.reading --schemas--> JSON Schemas --asyncapi--> one document

`schemas` describes the data of each event, of each command and of its outcome; `messages` puts the
CloudEvents envelope around them; `asyncapi` adds subjects and streams, as AsyncAPI 3;
`files` writes it all down. What is said here holds
within the messages' version: fields may be added, and whoever reads ignores those that he does not
know. Nothing of a running server is needed to print it."""

from server.contract.asyncapi import document
from server.contract.files import as_text, files
from server.contract.messages import (
    COMMANDS,
    OUTCOME,
    event_topics,
    message_names,
    message_schema,
)

__all__ = [
    "COMMANDS",
    "OUTCOME",
    "as_text",
    "document",
    "event_topics",
    "files",
    "message_names",
    "message_schema",
]
