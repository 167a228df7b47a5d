"""What listens to a running server (the parts that are listened to know `server.telemetry` alone): the settings of
it (`listening`, `log_settings`), the page of metrics (`exposition`) with what the store says (`stored_facts`), and
the loop that measures each process (`pulse`); `parts` makes them from an open system."""
