"""The same examples in every run; `python tests/everything.py --explore` looks for new ones."""

import os

from hypothesis import settings

# Workers share the cores: linear algebra that uses all of them in each waits for itself. numpy reads it once.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("explore" if os.environ.get("CAMBER_EXPLORE") else "steady")
