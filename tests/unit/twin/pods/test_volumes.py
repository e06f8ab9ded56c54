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


@pytest.mark.parametrize("kind", ["configMap", "projected"])
def test_files_become_what_the_cluster_says_now_and_those_that_are_the_same_stay_untouched(
    tmp_path: Path, kind: str
) -> None:
    of_map: dict[str, Any] = {"configMap": {"name": "settings"}}
    token = {"serviceAccountToken": {"path": "token"}}
    volume = {"name": "v", **(of_map if kind == "configMap" else {"projected": {"sources": [of_map, token]}})}

    def now(**data: str) -> Volumes:
        held_now = sources(held("ConfigMap", "settings", data=data))
        return Volumes(tmp_path, held_now, lambda _: {}, tmp_path / "persistent")

    place = now(same="1", changed="1", gone="1").make(volume)
    written = {"token": b"of this pod"} if kind == "projected" else {}
    for name, value in written.items():
        (place / name).write_bytes(value)
    before = (place / "same").stat().st_ino
    now(same="1", changed="2", new="3").refresh(volume)
    assert content(place) == {"same": b"1", "changed": b"2", "new": b"3", **written}
    assert (place / "same").stat().st_ino == before


def test_files_stay_when_what_they_come_from_is_gone(tmp_path: Path) -> None:
    volume = {"name": "v", "configMap": {"name": "settings"}}
    there = Volumes(tmp_path, sources(held("ConfigMap", "settings", data={"a": "1"})), lambda _: {}, tmp_path)
    place = there.make(volume)
    with pytest.raises(PodError, match='configmap "settings" not found'):
        Volumes(tmp_path, sources(), lambda _: {}, tmp_path).refresh(volume)
    assert content(place) == {"a": b"1"}


def test_what_a_program_writes_is_left_alone(tmp_path: Path) -> None:
    made = Volumes(tmp_path, sources(), lambda _: {}, tmp_path)
    place = made.make({"name": "v", "emptyDir": {}})
    (place / "written").write_text("by a program")
    made.refresh({"name": "v", "emptyDir": {}})
    assert content(place) == {"written": b"by a program"}
