"""ministack, the emulator: an ordinary process on loopback, in an environment of its own."""

import json
import os
import time
import urllib.error
import urllib.request
from pathlib import Path

from local import listeners, processes
from local.console import Problem, step
from local.isolation import EMULATOR
from local.places import Places, tool

DEFAULT_PORT = 4566
READY_WITHIN_SECONDS = 60.0
NAME = "ministack"


def _environment(port: int, data: Path) -> dict[str, str]:
    """All of it: functions inherit it, so nothing of the user's own environment may be in it."""
    return EMULATOR | {
        "PATH": os.pathsep.join([str(tool(NAME, "python").parent), "/usr/bin", "/bin"]),
        "HOME": str(data),
        "TMPDIR": str(data / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        # Listeners that nobody here needs; both ignore BIND_HOST.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # It would look for containers of its own to remove: the user's Docker is not its business.
        "DOCKER_HOST": f"unix://{data}/no-docker",
        "S3_DATA_DIR": str(data / "s3"),
        "STATE_DIR": str(data / "state"),
        "PERSIST_STATE": "0",
    }


def check_port(port: int) -> None:
    """Raises Problem: something else listens on the port."""
    if listeners.is_free(port):
        return
    owner = listeners.owner(port)
    by = f" by {owner}" if owner else ""
    raise Problem(
        f"Port {port} is in use{by}: stop that, or take another one, e.g. PORT={port + 1}."
    )


def _answers(endpoint_url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint_url}/_ministack/health", timeout=2) as answer:  # noqa: S310
            return "services" in json.load(answer)
    except (OSError, ValueError, urllib.error.URLError):
        return False


def is_healthy(endpoint_url: str) -> bool:
    return endpoint_url.startswith("http://127.0.0.1:") and _answers(endpoint_url)


def _check_loopback_only(leader: int) -> None:
    open_to_all = [each for each in listeners.of_session(leader) if not each.address.is_loopback]
    if open_to_all:
        raise Problem(f"The emulator listens beyond this machine, on {open_to_all}: stopped it.")


def start(places: Places, port: int) -> str:
    """Start ministack and wait until it answers; returns its endpoint.

    Raises:
        Problem: the port is taken, it ended, or it is not ready in time.
    """
    check_port(port)
    (places.emulator_data / "tmp").mkdir(parents=True, exist_ok=True)
    log = places.logs / "ministack.log"
    endpoint_url = f"http://127.0.0.1:{port}"
    with step(f"emulator on port {port}"):
        environment = _environment(port, places.emulator_data)
        process = processes.start(NAME, [tool(NAME, NAME)], environment, log, places.processes)
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not is_healthy(endpoint_url):
            if not processes.is_alive(process) or time.monotonic() > deadline:
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
                raise Problem(f"{tail}\nThe emulator did not start; its log is {log}.")
            time.sleep(0.05)
        _check_loopback_only(process.pid)
    return endpoint_url
