"""Decides that a reader who leaves does not end the work."""

import subprocess
import sys

PROGRAM = """
from groundwork.console import console
import sys
for number in range(20000):
    console.print(number)
print("worked to the end", file=sys.stderr)
"""


def test_the_work_goes_on_when_nobody_reads_any_more() -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "0\n"
    writer.stdout.close()
    assert writer.stderr is not None
    assert writer.stderr.read().strip() == "worked to the end"
    assert writer.wait(timeout=30) == 0
