"""Decides that a reader who leaves does not end the work."""

import subprocess
import sys

PROGRAM = """
from groundwork.console import console
import sys
console.print("begun")
input()  # until nobody reads
for number in range(10):
    console.print(number)
print("worked to the end", file=sys.stderr)
"""


def test_the_work_goes_on_when_nobody_reads_any_more() -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "begun\n"
    writer.stdout.close()
    _, said = writer.communicate("\n", timeout=60)
    assert said.strip() == "worked to the end"
    assert writer.returncode == 0
