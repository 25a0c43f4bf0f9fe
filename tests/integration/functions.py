"""Our Lambda functions as AWS runs them: each in an environment of its own, fed with JSON."""

from __future__ import annotations

import contextvars
import importlib.util
import json
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from checkout import bootstrap, event_bootstrap, merchant_bootstrap, operator_bootstrap
from tests.integration.access import Access
from tests.integration.stack import ACCOUNT, REGION, environment, resolve
from tests.template.cloudformation import ROOT, properties

if TYPE_CHECKING:
    from pathlib import Path


# Of single functions, each above the bootstrap.
WIRINGS = {
    "event_bootstrap": event_bootstrap,
    "merchant_bootstrap": merchant_bootstrap,
    "operator_bootstrap": operator_bootstrap,
}


class Clock:
    """The time, which a test can put forward, and stop."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)
        self._stopped: datetime | None = None

    def now(self) -> datetime:
        return (self._stopped or datetime.now(UTC)) + self._ahead

    def stop(self, at: datetime) -> None:
        self._stopped, self._ahead = at, timedelta(0)

    def advance(self, by: timedelta) -> None:
        self._ahead += by


@dataclass(frozen=True)
class Context:
    """What Lambda tells a function of its own call."""

    function_name: str
    timeout: int
    started: float = field(default_factory=time.monotonic)
    memory_limit_in_mb: int = 1024
    aws_request_id: str = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * (self.timeout - (time.monotonic() - self.started)))


class Function:
    """One execution environment: an `app.py`, and a bootstrap that sees its environment only."""

    def __init__(self, resource: str, clock: Clock) -> None:
        defined = properties(resource)
        self.name = resolve(defined["FunctionName"])
        self._timeout = int(defined["Timeout"])
        self.bootstrap = _load("bootstrap", ROOT / str(bootstrap.__file__))
        own = SimpleNamespace(environ=environment(resource), urandom=os.urandom)
        making = Access(resource).making(self.bootstrap.make_client)
        vars(self.bootstrap).update(os=own, utc_now=clock.now, make_client=making)
        self.app = _load("app", ROOT / defined["CodeUri"] / "app.py")
        vars(self.app)["bootstrap"] = self.bootstrap
        for name, module in WIRINGS.items():
            if name in vars(self.app):
                wiring = _load(name, ROOT / str(module.__file__))
                vars(wiring).update(os=own, make_client=making, utc_now=clock.now)
                vars(self.app)[name] = wiring
        if "operator_bootstrap" in vars(self.app):
            vars(vars(self.app)["operator_bootstrap"])["bootstrap"] = self.bootstrap

    def __call__(self, event: Any) -> Any:
        handler = self.app.handler
        # In a context of its own: nothing of whoever invokes it, which may be in the same thread.
        context = Context(self.name, self._timeout)
        answer = contextvars.Context().run(handler, json.loads(json.dumps(event)), context)
        return json.loads(json.dumps(answer))


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{name}_of_one_environment", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
