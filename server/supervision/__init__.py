"""Telling whoever has started Doorward how it fares, as systemd's services do (``Type=notify``, sd_notify(3)). It
says that it is ready when ``/readyz`` would say so, and that it ends when it begins to; its status is why it is
not ready, if it is not; and it keeps systemd's watchdog quiet only while ``/healthz`` would answer 200.

    event loop ─▶ reporting ─▶ notices.Notices ─▶ systemd           one process
    event loop ─▶ reporting ─▶ the worker's line ─▶ parent ─▶ Notices ─▶ systemd

The report is made on the event loop, so that one which is stuck says nothing. Of many workers the parent speaks
(``NotifyAccess=main``): it is well while its own loop runs and each worker that serves says that it is. A worker
that has ended is the parent's to start again, and no reason to begin anew with all.

No process that we start inherits the socket: each message would be taken for ours, or thrown away with a
warning. Nobody listens to what fails here: Doorward serves whether or not it is heard.
"""
