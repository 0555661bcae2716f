"""The settings of the server that bench starts: the product's, on the bench's database, with empty views beside it."""

import os

from config.bench.differences import differences
from config.settings import *  # noqa: F403 the product's settings, whatever they are
from config.settings import CACHES, DATABASES

ROOT_URLCONF = "config.bench.urls"
DATABASES["default"]["NAME"] = os.environ["LAUREL_BENCH_DATABASE"]
globals().update(differences(os.environ["LAUREL_BENCH_DATABASE"], CACHES))
