"""People from a file: `file` reads and writes it (JSON or CSV), `importing` makes the directory hold what it
holds, with events only for what differs."""
