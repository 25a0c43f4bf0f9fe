"""Environment variables with which nothing can reach a real AWS account."""

import os
from collections.abc import Mapping

REGION = "us-east-1"
EMULATOR = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
}


def isolated(environment: Mapping[str, str], endpoint_url: str | None = None) -> dict[str, str]:
    """`environment` without any AWS setting of the user's, and with the emulator's instead."""
    kept = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    endpoint = {} if endpoint_url is None else {"AWS_ENDPOINT_URL": endpoint_url}
    return kept | EMULATOR | endpoint


def isolate_this_process() -> None:
    """Before the first client: no profile, key or proxy of the user's plays a part from here."""
    ours = isolated(os.environ)
    os.environ.clear()
    os.environ.update(ours)
