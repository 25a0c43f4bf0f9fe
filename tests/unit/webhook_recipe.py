"""The function that docs/merchant-webhooks.md gives to merchants, as they would copy it."""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from tests.template.cloudformation import ROOT

PAGE = ROOT / "docs" / "merchant-webhooks.md"

Recipe = Callable[[Mapping[str, str], bytes, str], bool]


def recipe() -> Recipe:
    """`is_genuine(headers, body, secret)`."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    given: dict[str, Any] = {}
    exec(code, given)  # noqa: S102 - it is ours
    return cast(Recipe, given["is_genuine"])
