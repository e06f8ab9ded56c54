"""The whole program, run against the recorder with the settings of a stack file."""

import gc
import json
import os
import runpy
from functools import cache
from typing import Any
from unittest.mock import patch

import pulumi

from stacks.problems import ROOT
from stacks.settings import PLACEHOLDERS_ALLOWED
from tests.support.recorder import Recorder, run_program, stand_in
from tests.support.stack_files import CLONE, written


def run_stacks() -> None:
    """Run what `pulumi up` runs, in this process, which goes on to live: its collector is started again."""
    try:
        runpy.run_path(str(CLONE / "stacks"), run_name="__main__")
    finally:
        gc.enable()


def record(environment: str, settings: dict[str, Any] | None = None, *, preview: bool = False) -> Recorder:
    """Run what `pulumi up` runs, with those settings or the stack file's, and return what it registered."""
    pulumi.runtime.set_all_config({ROOT: json.dumps(settings or written(environment))})
    try:
        with stand_in(environment, preview=preview) as recorder, patch.dict(os.environ, {PLACEHOLDERS_ALLOWED: "true"}):
            run_program(run_stacks)
            return recorder
    finally:
        pulumi.runtime.set_all_config({})


@cache
def recorded(environment: str) -> Recorder:
    """Return what the program registers with the checked-in settings: recorded once for all tests, which only read."""
    return record(environment)
