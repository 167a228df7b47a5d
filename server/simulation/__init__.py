"""Trying policies on the requests of the past before they are published: `simulating` follows the log and
submits each request once more, `ways` says how it went and how it would have gone, `telling` what came of it. Stands above
`server.audit`, whose replay it uses, and `server.policies`, whose words it speaks."""
