"""AWS's clients, and how long a call of each may take."""

from functools import cache
from threading import Lock
from typing import Any

import botocore.session
from botocore.config import Config

from checkout.provider_cancellation import MAX_PARALLEL_CALLS

# Two tries of 1.5 s and up to a second between them: a store that is slower than that is down, as
# far as an answer within the gateway's 29 s goes. DynamoDB answers within some 30 ms.
STORE_CONFIG = Config(
    connect_timeout=0.5,
    read_timeout=1,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=MAX_PARALLEL_CALLS,
)
# One try: a repeated one would be a second fan-out. The driver stops listening before the machine's
# 20 s are over, since its own answer is due; a worker has 12 s.
FAN_OUT_CONFIG = Config(
    connect_timeout=1,
    read_timeout=13,
    retries={"mode": "standard", "total_max_attempts": 1},
    max_pool_connections=MAX_PARALLEL_CALLS,
)
# One try within the time that a call at the provider has: whoever asked asks again.
SECRETS_CONFIG = Config(
    connect_timeout=1, read_timeout=1.5, retries={"mode": "standard", "total_max_attempts": 1}
)
# Two tries of 1.5 s and up to a second between them, within REPORT_RESERVE.
QUEUE_CONFIG = Config(
    connect_timeout=0.5, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2}
)

_MAKING = Lock()


# boto3's clients are the same, and its import lengthens a cold start by a tenth.
session: Any = cache(botocore.session.get_session)


def make_client(service: str, config: Config) -> Any:
    # One at a time: a session is not made for threads. Its clients are.
    with _MAKING:
        return session().create_client(service, config=config)
