import os

from hypothesis import settings

# a busy machine is not a failure; HYPOTHESIS_EXAMPLES=5000 looks harder
settings.register_profile(
    "lengths", deadline=None, max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100"))
)
settings.load_profile("lengths")
