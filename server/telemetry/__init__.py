"""What a running Doorward tells of itself: metrics at ``/metrics``, traces over OTLP, logs as lines of JSON,
and whether it is well (`server.health`).

The parts of the server know only two small ports, whose defaults do nothing: `meters.Meters` counts and
`spans.Tracing` times. What stands behind them is made once, when a server starts (`server.observation`):

| module | holds |
|---|---|
| `catalogue` | every metric that there is, with its labels and help |
| `tallies`, `shown` | counting that costs a dictionary entry; moved to `prometheus_client` once a second |
| `bus_notes`, `http`, `answers`, `going_out`, `publishing` | what is counted and timed where |
| `current` | the `traceparent` of what is being done now, carried with or without tracing |
| `otlp` | spans by OpenTelemetry's SDK, if `DOORWARD_OTLP_URL` is set |
| `lags` | how far those who follow the log are behind |
| `logs` | lines of JSON, and no secret in any line |
| `grafana.json`, `alerts.yaml` | a dashboard and alerts over the metrics: ``doorward metrics`` prints them |

Labels are names out of the code (tools, topics, routes as templates, codes of refusals), never ids, names of
people or text; spans hold the same and nothing else."""
