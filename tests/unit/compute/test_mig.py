"""Decides what a node's boot does with its GPUs: the script runs, with stand-ins for NVIDIA's and systemd's commands.

That the real ones answer so is for a machine with such a GPU to show: docs/first-deployment.md.
"""

import subprocess
from pathlib import Path

import pytest

from components.compute.mig import Cut, cutting_script

CUT = Cut(profile="3g.20gb", parts=2, gpus=3)
CUTTING = [f"mig -i {index} -cgi 3g.20gb,3g.20gb -C" for index in range(3)]
KEPT_OUT = "stop --no-block nodeadm-run.service kubelet.service"
NVIDIA = """#!/bin/bash
echo "$*" >> nvidia-smi.log
case "$*" in
-L)
    for index in 0 1 2; do echo "GPU $index: NVIDIA A100 (UUID: GPU-$index)"; done
    if [ -e parts ]; then cat parts; fi ;;
"-mig 1") if ! [ -e pending ]; then touch on; else echo "Warning: MIG mode is in pending enable state"; exit 4; fi ;;
*mig.mode.current*) for index in 0 1 2; do if [ -e on ]; then echo Enabled; else echo Disabled; fi; done ;;
--query-gpu=index*) printf '0\\n1\\n2\\n' ;;
mig*)
    if [ -e refused ]; then echo "Insufficient Resources" >&2; exit 19; fi
    echo "  MIG 3g.20gb Device 0: (UUID: MIG-a)" >> parts
    if ! [ -e short ]; then echo "  MIG 3g.20gb Device 1: (UUID: MIG-b)" >> parts; fi ;;
esac
"""
SYSTEMD = '#!/bin/bash\necho "$*" >> systemctl.log\n'


class Machine:
    """A machine with three A100, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in (("nvidia-smi", NVIDIA), ("systemctl", SYSTEMD)):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        self.script = folder / "part-001"
        self.script.write_text(cutting_script(CUT).replace("/var/lib/cloud", str(folder / "cloud")))
        self.script.chmod(0o755)

    def boot(self, script: Path | None = None, *state: str) -> subprocess.CompletedProcess[str]:
        """Run the script on a machine in that state; what is off after a boot is off."""
        for name in ("on", "parts", "pending", "refused", "short", "systemctl.log", "nvidia-smi.log"):
            (self.folder / name).unlink(missing_ok=True)
        for name in state:
            (self.folder / name).touch()
        return self.run(script or self.script)

    def run(self, script: Path) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{self.folder}:/usr/bin:/bin"}
        return subprocess.run([script], cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    @property
    def each_boot(self) -> Path:
        return self.folder / "cloud" / "scripts" / "per-boot" / "cut-gpus"

    def asked(self, command: str) -> list[str]:
        log = self.folder / f"{command}.log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def cutting(machine: Machine) -> list[str]:
    return [line for line in machine.asked("nvidia-smi") if line.startswith("mig ")]


def test_mig_is_turned_on_and_each_gpu_is_cut_and_the_node_joins(machine: Machine) -> None:
    done = machine.boot()
    assert done.returncode == 0, done.stderr
    assert cutting(machine) == CUTTING
    assert machine.asked("nvidia-smi").index("-mig 1") < machine.asked("nvidia-smi").index(CUTTING[0])
    assert machine.asked("systemctl") == []


def test_what_is_cut_is_not_cut_again(machine: Machine) -> None:
    machine.boot()
    assert machine.run(machine.script).returncode == 0
    assert cutting(machine) == CUTTING


def test_a_reboot_takes_the_parts_and_the_next_boot_cuts_again(machine: Machine) -> None:
    machine.boot()
    assert machine.boot(machine.each_boot).returncode == 0
    assert cutting(machine) == CUTTING


@pytest.mark.parametrize("wrong", ["refused", "short"])
def test_a_node_whose_gpus_are_not_cut_as_asked_does_not_join(machine: Machine, wrong: str) -> None:
    done = machine.boot(None, wrong)
    assert done.returncode != 0
    assert machine.asked("systemctl") == [KEPT_OUT]
    assert "this node does not join: its GPUs are not cut into 2 x 3g.20gb each" in done.stderr


def test_a_mode_that_waits_for_a_reboot_gets_one_and_no_second(machine: Machine) -> None:
    assert machine.boot(None, "pending").returncode != 0
    assert machine.asked("systemctl") == ["reboot --no-block", KEPT_OUT], "it joins after the reboot, not before"
    assert cutting(machine) == []
    stuck = machine.boot(machine.each_boot, "pending")
    assert machine.asked("systemctl") == [KEPT_OUT]
    assert "MIG is not on after a reboot" in stuck.stderr
    assert machine.boot(machine.each_boot).returncode == 0
    assert cutting(machine) == CUTTING
