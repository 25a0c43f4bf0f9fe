"""Other people's doubles, as processes of their own on 127.0.0.1."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from local import listeners
from local.waiting import wait_until

# Seconds until it listens.
PATIENCE = 60.0


@contextmanager
def listening(
    command: Sequence[str], port: int, log: Path, more: Mapping[str, str]
) -> Iterator[str]:
    """The URL at which it listens. Ends it, and what it started, by its process group."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env={**os.environ, **more}, start_new_session=True
        )
    try:

        def is_up() -> bool:
            assert process.poll() is None, log.read_text()[-2000:]
            return not listeners.is_free(port)

        wait_until(is_up, "it listens", PATIENCE)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait(PATIENCE)
