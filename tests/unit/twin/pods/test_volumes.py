"""Volumes as folders: what is in them, who may read it, and which types are refused."""

import base64
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.unit.twin.pods.support import held, sources
from twin.pods.errors import PodError
from twin.pods.volumes import Token, Volumes

OBJECTS = (
    held("ConfigMap", "settings", data={"a": "1", "b": "2"}, binaryData={"raw": base64.b64encode(b"\xff").decode()}),
    held("PersistentVolumeClaim", "data", spec={"volumeName": "pvc-1"}, status={"phase": "Bound"}),
    held("PersistentVolumeClaim", "pending", spec={}, status={"phase": "Pending"}),
    held("Secret", "login", data={"password": base64.b64encode(b"pw").decode()}),
)


@pytest.fixture
def volumes(tmp_path: Path) -> Volumes:
    return Volumes(
        tmp_path / "deep" / "volumes",
        sources(*OBJECTS),
        lambda name: {"from": name.encode(), "a/b": b"x"},
        tmp_path / "persistent",
    )


def content(place: Path) -> dict[str, bytes]:
    return {str(file.relative_to(place)): file.read_bytes() for file in place.rglob("*") if file.is_file()}


@pytest.mark.parametrize(
    ("volume", "files"),
    [
        ({"configMap": {"name": "settings"}}, {"a": b"1", "b": b"2", "raw": b"\xff"}),
        ({"configMap": {"name": "settings", "items": [{"key": "a", "path": "x/y"}]}}, {"x/y": b"1"}),
        ({"configMap": {"name": "none", "optional": True}}, {}),
        ({"secret": {"secretName": "login", "defaultMode": 0o444}}, {"password": b"pw"}),
        ({"emptyDir": {"medium": "Memory"}}, {}),
        (
            {"downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
            {"l": b'a="1"\nb="say \\"b\\""'},
        ),
        (
            {"projected": {"sources": [{"configMap": {"name": "settings"}}, {"secret": {"name": "login"}}]}},
            {"a": b"1", "b": b"2", "raw": b"\xff", "password": b"pw"},
        ),
        (
            {"csi": {"driver": "secrets-store.csi.k8s.io", "volumeAttributes": {"secretProviderClass": "c"}}},
            {"from": b"c", "a/b": b"x"},
        ),
    ],
)
def test_each_type_holds_its_files_for_the_owner_alone(
    volumes: Volumes, tmp_path: Path, volume: dict[str, Any], files: dict[str, bytes]
) -> None:
    place = volumes.make({"name": "v", **volume})
    assert content(place) == files
    for path in tmp_path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o177 == (0o100 if path.is_dir() else 0), path


def test_a_script_can_be_run_by_its_owner(volumes: Volumes) -> None:
    place = volumes.make({"name": "v", "configMap": {"name": "settings", "defaultMode": 0o755}})
    assert stat.S_IMODE((place / "a").stat().st_mode) == 0o700


def test_a_claims_files_outlive_the_pod_and_go_with_the_volume(volumes: Volumes, tmp_path: Path) -> None:
    place = volumes.make({"name": "v", "persistentVolumeClaim": {"claimName": "data"}})
    assert place == tmp_path / "persistent" / "pvc-1"
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert not (tmp_path / "deep").exists(), "what is there is removed with the pod"


def test_tokens_are_left_to_whoever_runs_the_pod(volumes: Volumes) -> None:
    token = {"serviceAccountToken": {"path": "t", "audience": "x", "expirationSeconds": 700}}
    place = volumes.make({"name": "v", "projected": {"sources": [token, {"serviceAccountToken": {"path": "u"}}]}})
    assert volumes.tokens == [Token(place / "t", "x", 700), Token(place / "u", "", 3600)]
    assert content(place) == {}


@pytest.mark.parametrize(
    ("volume", "words"),
    [
        ({"hostPath": {"path": "/"}}, "Volume v is of type hostPath, which is not modelled"),
        ({"persistentVolumeClaim": {"claimName": "c"}}, 'persistentvolumeclaim "c" not found'),
        ({"persistentVolumeClaim": {"claimName": "pending"}}, '"pending" is not bound yet'),
        ({"csi": {"driver": "ebs.csi.aws.com"}}, "csi ebs.csi.aws.com is not modelled"),
        ({"csi": {"driver": "secrets-store.csi.k8s.io", "volumeAttributes": {}}}, "secretProviderClass alone"),
        ({"projected": {"sources": [{"clusterTrustBundle": {"path": "p"}}]}}, "projected clusterTrustBundle"),
        ({"configMap": {"name": "none"}}, 'configmap "none" not found'),
        ({"secret": {"secretName": "login", "items": [{"key": "k", "path": "p"}]}}, "references non-existent key: k"),
    ],
)
def test_what_is_missing_or_not_modelled_is_named(volumes: Volumes, volume: dict[str, Any], words: str) -> None:
    with pytest.raises(PodError, match=words):
        volumes.make({"name": "v", **volume})
