"""What a process does that has no descriptor left for a while."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from adapters.open_store import open_store
from domain.ports import Unavailable
from server.workers.kept_process import KeptProcess
from tests.cluster.members import until
from tests.few_descriptors import no_descriptors


def test_a_read_for_which_no_file_can_be_opened_is_an_outage(tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path / 'log.db'}")) as store:
        store.create([])
        with no_descriptors(), pytest.raises(Unavailable, match="unable to open"), store.read():
            pass
        assert store.head() == 0


def test_a_kept_program_that_cannot_be_started_again_is_a_line_a_time_until_it_can(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = KeptProcess(("sleep", "600"), tmp_path / "log", tmp_path / "lock")
    try:
        first = kept.process
        with no_descriptors():
            first.kill()
            until(
                lambda: "sleep could not be started again: Too many open files" in caplog.messages
            )
        until(lambda: kept.process is not first)
        assert not [one for one in caplog.records if one.exc_info]
    finally:
        kept.stop()
