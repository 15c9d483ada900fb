"""How many examples Hypothesis tries.

`default` serves every property. A property that should see many more under CI stands under `@thorough`:

    @thorough
    @given(texts())
    def test_any_text_parses_or_is_reported(text): ...
"""

import os

from hypothesis import HealthCheck, settings

IN_CI = bool(os.environ.get("CI"))

settings.register_profile(
    "default",
    max_examples=30,
    deadline=None,  # compiling a kernel takes seconds, once
    derandomize=IN_CI,  # one commit has one verdict
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.register_profile("ci", settings.get_profile("default"), max_examples=2000)
settings.register_profile("many", settings.get_profile("default"), max_examples=3000, derandomize=False)
"""For a long search by hand: `pytest -m hypothesis --hypothesis-profile=many`."""
settings.load_profile("default")

thorough = settings(settings.get_profile("ci" if IN_CI else "default"))
"""2,000 examples under CI, the usual number elsewhere."""
