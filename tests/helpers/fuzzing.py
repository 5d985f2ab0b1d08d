"""How many examples Hypothesis tries of a test: a fixed few in the suite, others in `make fuzz`."""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("MIEN_FUZZ_EXAMPLES", "600"))
"""Examples each test; `make fuzz` asks for as many as there is time for."""


def fuzzed(share=1.0):
    """Return Hypothesis's settings for a test that takes a share of the examples."""
    return settings(
        max_examples=max(1, round(EXAMPLES * share)),
        deadline=None,
        derandomize="MIEN_FUZZ_EXAMPLES" not in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
