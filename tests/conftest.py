"""The same examples in every run; `python tests/everything.py --explore` looks for new ones."""

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("explore" if os.environ.get("CAMBER_EXPLORE") else "steady")
