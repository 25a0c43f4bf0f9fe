"""The wiring of what operators read, which one function has."""

import os
from functools import cache

from checkout import bootstrap
from checkout.errors import MisconfiguredError
from checkout.operator_answers import Here
from checkout.recovery import GiveUpAges
from checkout.settings import OperationsSettings


@cache
def _settings() -> tuple[str, GiveUpAges]:
    """Raises MisconfiguredError."""
    settings = OperationsSettings.read(os.environ)
    try:
        return settings.stack_name, GiveUpAges.parse(settings.give_up_hours)
    except ValueError as error:
        raise MisconfiguredError(f"GIVE_UP_HOURS means nothing: {error}") from None


def here() -> Here:
    """Raises MisconfiguredError."""
    return Here(*_settings(), bootstrap.utc_now())


def forget() -> None:
    """Make everything anew at its next use."""
    _settings.cache_clear()
