"""Every metric that there is: its name, what it says, its labels. Counters and distributions are of the
processes, summed over all workers; gauges of `PROCESS` are each worker's own, and those of `STORE` are
read from the database when somebody asks. Labels come from the code alone, so that their number is bounded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
SLOW = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Kind(StrEnum):
    """How a metric behaves, as Prometheus knows it."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


class Source(StrEnum):
    """Where its value comes from."""

    WORK = "work"
    PROCESS = "process"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `buckets` are those of a histogram; `across` says what becomes of a gauge of several
    workers (`prometheus_client`'s multiprocess modes)."""

    name: str
    kind: Kind
    source: Source
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    across: str = "livesum"

    @property
    def sample(self) -> str:
        """Return the name that queries use."""
        return f"{self.name}_total" if self.kind is Kind.COUNTER else self.name


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(f"doorward_{name}", Kind.COUNTER, Source.WORK, text, labels)


def _histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Metric:
    return Metric(f"doorward_{name}", Kind.HISTOGRAM, Source.WORK, text, labels, buckets)


def _process(name: str, text: str, *labels: str, across: str = "livesum") -> Metric:
    return Metric(f"doorward_{name}", Kind.GAUGE, Source.PROCESS, text, labels, across=across)


def _store(name: str, text: str, *labels: str) -> Metric:
    return Metric(f"doorward_{name}", Kind.GAUGE, Source.STORE, text, labels)


MCP_CALLS = _counter(
    "mcp_calls",
    "Tool calls; code is that of a refusal",
    *("resource", "tool", "era", "outcome", "code"),
)
MCP_CALL_SECONDS = _histogram("mcp_call_seconds", "How long tool calls took", FAST, "tool", "era")
MCP_REQUESTS = _counter(
    "mcp_requests",
    "MCP requests and notifications, tool calls among them; a tool's own refusal is an answer",
    *("resource", "method", "era", "outcome"),
)
MCP_REQUEST_SECONDS = _histogram(
    "mcp_request_seconds",
    "How long until MCP requests were answered, and streams begun",
    FAST,
    "method",
    "era",
)
SUBSCRIPTION_NOTICES = _counter(
    "subscription_notices", "Notices to those who listen for changes", "resource", "notice"
)
SUBSCRIPTIONS_ENDED = _counter(
    "subscriptions_ended", "Streams of subscriptions/listen that have ended", "resource", "reason"
)
HTTP_REQUESTS = _counter(
    "http_requests", "HTTP requests, by route template", "method", "route", "status"
)
HTTP_REQUEST_SECONDS = _histogram(
    "http_request_seconds",
    "How long until an answer began",
    FAST,
    "route",
)
TURNED_AWAY = _counter(
    "http_turned_away", "Clients whom the HTTP server itself refused or cut off", "reason"
)
TOKEN_REQUESTS = _counter("token_requests", "Token requests", "grant_type", "result")
SIGN_INS = _counter("sign_ins", "Sign-ins by people", "way", "result")
RATE_LIMITED = _counter("rate_limited", "Attempts that had to wait", "limit")
INTEGRATION_COMMANDS = _counter(
    "integration_commands",
    "Commands of integrations; code is their outcome's",
    "via",
    "kind",
    "code",
)
DEAD_LETTERS = _counter("dead_letters", "Messages of integrations that were set aside, unread")

COMMANDS = _counter(
    "commands",
    "Commands that were decided; code is that of a refusal",
    *("command", "outcome", "code"),
)
EVENTS = _counter("events_appended", "Events appended to the log", "topic")
COMMITS = _counter(
    "commits", "Group commits: done, rolled_back to run again, or failed", "outcome"
)
COMMIT_JOBS = _histogram("commit_jobs", "Jobs in a group commit", SIZES)
COMMIT_SECONDS = _histogram(
    "commit_seconds", "How long group commits took, their jobs included", FAST
)
JOB_WAIT_SECONDS = _histogram("job_wait_seconds", "How long jobs waited for the writer", FAST)

WEBHOOK_DELIVERIES = _counter("webhook_deliveries", "Attempts to deliver to webhooks", "outcome")
WEBHOOK_SECONDS = _histogram("webhook_seconds", "How long such attempts took", SLOW)
MAILS = _counter("mails", "Attempts to send mails", "outcome")
LOOP_LAG = _histogram(
    "event_loop_lag_seconds", "How late a worker's event loop came to its turn", FAST
)
CPU_SECONDS = _counter("process_cpu_seconds", "Processor time of all workers")

WORKERS = _process("workers", "Worker processes that are alive")
MEMORY = _process("process_resident_memory_bytes", "Memory of each worker", across="liveall")
CONNECTIONS = _process("http_connections", "Open connections of clients, of all workers")
SUBSCRIPTIONS = _process(
    "subscriptions", "Open streams of subscriptions/listen, of all workers", "resource"
)
AT_WORK = _process("http_requests_at_work", "HTTP requests being answered, by all workers")
JOBS_WAITING = _process("jobs_waiting", "Jobs that wait for the writer, in all workers")
READS_RUNNING = _process("reads_running", "Queries at work, in all workers")
READS_WAITING = _process("reads_waiting", "Queries that wait for a thread, in all workers")
PUBLISHERS = _process("publishers", "Workers by the state of their publisher", "state")
DUTIES = _process("duties_held", "Workers that do a duty: 1, or work stands still", "duty")
DUTIES_FAILING = _process(
    "duties_failing", "Workers in which a duty fails and is tried again", "duty"
)
COMMAND_READERS = _process("command_readers", "Workers that read commands from NATS")
BUILD = _process("build_info", "What runs", "version", "python", "database", across="livemax")

STORE_UP = _store("store_up", "Whether the store answered this scrape")
POSITION = _store("log_position", "Position of the newest event")
PROJECTION_LAG = _store(
    "projection_lag_events", "Events that a followed read model has not seen", "projection"
)
PUBLISHER_POSITION = _store("publisher_position", "Position up to which events are on NATS")
PUBLISHER_LAG = _store("publisher_lag_events", "Events that are not on NATS yet")
PUBLISHER_HALTED = _store("publisher_halted", "1 while publishing waits for a person")
WEBHOOK_LAG = _store("webhook_lag_events", "Events that the webhook furthest behind has not seen")
WEBHOOK_OLDEST = _store(
    "webhook_oldest_undelivered_seconds", "Age of the oldest event that a webhook still waits for"
)
WEBHOOK_FAILURES = _store("webhook_failures", "Events that receivers did not take", "state")
OUTBOX = _store("outbox_mails", "Mails in the outbox", "state")
OPEN_ITEMS = _store("open_items", "Items of open requests, by what they are for", "kind")
WAITING_FOR = _store("inbox_items", "Items that wait for a person", "kind")
TIMER_OVERDUE = _store("timer_overdue_seconds", "By how much the most overdue timer is late")
CHECKPOINT_POSITION = _store("checkpoint_position", "Position of the newest signed checkpoint")
CHECKPOINT_AGE = _store(
    "checkpoint_due_seconds",
    "Age of the oldest event that no checkpoint covers; 0 if there is none",
)

CATALOGUE: tuple[Metric, ...] = tuple(
    one for one in list(globals().values()) if isinstance(one, Metric)
)
"""All of them, in the order above."""
BY_NAME = {one.name: one for one in CATALOGUE}
