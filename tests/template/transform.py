"""SAM's own transform of the template, as CloudFormation gets it: a program of SAM's environment.

`python transform.py Name=value ...` reads the template from standard input, as JSON with
CloudFormation's long forms, and writes it transformed.
"""

import json
import sys
from typing import Any

from samtranslator.translator.transform import transform


class _NoManagedPolicies:
    """Which are named by their ARNs here, and need not be looked up."""

    def load(self) -> dict[str, str]:
        return {}


def main() -> None:
    template: dict[str, Any] = json.load(sys.stdin)
    given = dict(each.split("=", 1) for each in sys.argv[1:])
    json.dump(transform(template, given, _NoManagedPolicies()), sys.stdout)


if __name__ == "__main__":
    main()
