"""What the steps are made of. Kedro is to be quiet, from its import on."""

import logging
import os

os.environ["DO_NOT_TRACK"] = "1"
logging.disable(logging.INFO)
