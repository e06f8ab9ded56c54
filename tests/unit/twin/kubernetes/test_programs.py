"""How the programs of a cluster are started, kept and found again."""

import stat
from pathlib import Path

from twin import certificates
from twin.kubernetes.cluster_files import AwsEndpoint, ClusterFiles
from twin.kubernetes.cluster_record import ClusterRecord
from twin.kubernetes.programs import PROGRAMS, Installed, program_of

RECORD = {"name": "groundwork-dev", "account": "111122223333", "region": "eu-west-1", "service_cidr": "10.100.0.0/16"}


def record() -> ClusterRecord:
    return ClusterRecord.new(**RECORD, issuer="https://localhost:1/oidc/id/X").encrypted()


def written(root: Path, made: ClusterRecord) -> ClusterFiles:
    certificates.issue(["127.0.0.1"], root / "certificates")
    files = ClusterFiles(root / made.folder_name)
    made.save(files.folder)
    files.write(made, AwsEndpoint("https://127.0.0.1:1", root / "certificates" / "ca.pem"))
    return files


def test_a_cluster_is_kept(tmp_path: Path) -> None:
    made = record()
    made.save(tmp_path)
    assert ClusterRecord.load(tmp_path) == made
    assert len(set(made.ports.values())) == len(made.ports)
    assert made.encrypted() == made, "a new key would make the old secrets unreadable"


def test_no_secret_is_in_a_command_or_in_a_file_for_others(tmp_path: Path) -> None:
    made = record()
    files = written(tmp_path, made)
    secrets = [made.webhook_secret, made.encryption_key or ""]
    for command in PROGRAMS.values():
        arguments = " ".join(command(Installed(tmp_path), files, made))
        assert not any(secret in arguments for secret in secrets)
    assert stat.S_IMODE(files.folder.stat().st_mode) == 0o700
    for path in files.folder.rglob("*"):
        if path.is_file() and path.suffix != ".pem":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_files_written_again_keep_the_keys(tmp_path: Path) -> None:
    made = record()
    files = written(tmp_path, made)
    before = {path: path.read_bytes() for path in files.certificates.rglob("*.key")}
    written(tmp_path, made)
    assert before == {path: path.read_bytes() for path in files.certificates.rglob("*.key")}


def test_a_program_is_known_by_its_cluster(tmp_path: Path) -> None:
    made = record()
    files = written(tmp_path, made)
    for name, command in PROGRAMS.items():
        arguments = command(Installed(Path("/bin")), files, made)
        assert program_of(arguments, files.folder) == name
        assert program_of(arguments, files.folder.with_name("another")) is None
        # Of two clusters, the name of one may begin with that of the other.
        assert program_of(arguments, Path(str(files.folder)[:-1])) is None
    assert program_of(["kubectl", f"--kubeconfig={files.admin_kubeconfig}", "get", "pods"], files.folder) is None
    assert program_of([], files.folder) is None


def test_only_what_the_cluster_has_signed_opens_etcd(tmp_path: Path) -> None:
    files = written(tmp_path, record())
    assert files.authority.read_bytes() != (files.etcd_certificates / "ca.pem").read_bytes()
