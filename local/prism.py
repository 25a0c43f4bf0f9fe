"""Prism, which serves an OpenAPI document as a mock: made with npm, in .local/env/prism.

Only for the documents of providers, where they are at hand.
"""

from pathlib import Path

from local import npm


def ensure() -> Path:
    """The command. Raises Problem: npm is missing, or could not install it."""
    return npm.ensure("prism", "do without the documents to check") / ".bin" / "prism"
