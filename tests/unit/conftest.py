"""How long the unit tier looks for counterexamples: it stays under five seconds in all."""

from hypothesis import settings

# The same examples in every run: a change fails its own pipeline, and not somebody else's.
settings.register_profile("unit", max_examples=60, deadline=None, database=None, derandomize=True)
settings.load_profile("unit")
