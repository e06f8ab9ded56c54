"""The volumes of a pod as folders, which only the owner of the process can enter; their files only the owner can read.

Modes of a manifest are not taken over beyond that: a file that is executable there is so here, for its owner.
Source: Kubernetes API reference 1.36, Volume.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.pods.errors import PodError
from twin.pods.files import make_folder, write
from twin.pods.sources import Sources

Manifest = Mapping[str, Any]
CSI_DRIVER = "secrets-store.csi.k8s.io"
TOKEN_SECONDS = 3600
"""Lifetime of a projected token that says nothing else."""
_RUN = 0o111


@dataclass(frozen=True)
class Token:
    """A projected service account token: kubelet renews the file while the pod lives."""

    file: Path
    audience: str
    seconds: int


@dataclass(frozen=True)
class _File:
    """What one file of a volume holds."""

    path: str
    content: bytes
    mode: int = 0


class Volumes:
    """Makes the folders of a pod's volumes."""

    def __init__(
        self, folder: Path, sources: Sources, mounted: Callable[[str], Mapping[str, bytes]], persistent: Path
    ) -> None:
        """`mounted` gives the files of a SecretProviderClass, see twin/pods/secrets_store.py.

        `persistent` is where volumes are that outlive their pod.
        """
        self.tokens: list[Token] = []
        """Files that are to be written, and renewed, by whoever runs the pod."""
        self._folder, self._sources, self._mounted, self._persistent = folder, sources, mounted, persistent

    def make(self, volume: Manifest) -> Path:
        """Make one volume. Raises PodError that names what is missing, or a type that is not modelled."""
        name = volume["name"]
        if "persistentVolumeClaim" in volume:
            return self._claimed(name, volume["persistentVolumeClaim"]["claimName"])
        place: Path = self._folder / name
        make_folder(place)
        for file in self._files(volume, place):
            write(place / file.path, file.content, _mode(file))
        return place

    def refresh(self, volume: Manifest) -> None:
        """Bring the files of config maps and secrets to what these hold now; one that is the same stays untouched.

        Raises PodError when an object is gone: what was there stays.
        """
        if not {"configMap", "secret", "projected"} & set(volume):
            return
        place = self._folder / volume["name"]
        wanted = {place / file.path: file for file in self._files(volume, place)}
        for path, file in wanted.items():
            if not path.is_file() or path.read_bytes() != file.content:
                write(path, file.content, _mode(file))
        for path in place.rglob("*"):
            if path.is_file() and path not in wanted and path not in [token.file for token in self.tokens]:
                path.unlink(missing_ok=True)

    def _claimed(self, name: str, claim: str) -> Path:
        """The folder that stands for the bytes of the volume that a claim is bound to: another volume is empty."""
        bound = self._sources.volume_of(claim)
        if not bound:
            raise PodError(
                f'Volume {name}: persistentvolumeclaim "{claim}" is not bound yet; kubectl describe says why.'
            )
        place = self._persistent / bound
        make_folder(place)
        return place

    def _files(self, volume: Manifest, place: Path) -> Iterator[_File]:
        name, rest = volume["name"], {key: value for key, value in volume.items() if key != "name"}
        match rest:
            case {"emptyDir": _}:
                return
            case {"csi": csi}:
                yield from self._of_csi(name, csi)
            case {"projected": projected}:
                for source in projected.get("sources", ()):
                    yield from self._of_source(name, source, place, projected.get("defaultMode", 0))
            case {"configMap": _} | {"secret": _} | {"downwardAPI": _}:
                (given,) = rest.values()
                yield from self._of_source(name, rest, place, given.get("defaultMode", 0))
            case _:
                raise PodError(f"Volume {name} is of type {', '.join(sorted(rest))}, which is not modelled.")

    def _of_csi(self, name: str, csi: Manifest) -> Iterator[_File]:
        others = set(csi) - {"driver", "readOnly", "volumeAttributes"}
        if csi["driver"] != CSI_DRIVER or others:
            asked = ", ".join([csi["driver"], *sorted(others)])
            raise PodError(f"Volume {name}: csi {asked} is not modelled, {CSI_DRIVER} is.")
        attributes = csi.get("volumeAttributes") or {}
        if set(attributes) != {"secretProviderClass"}:
            given = ", ".join(sorted(attributes)) or "none"
            raise PodError(f"Volume {name}: volumeAttributes must be secretProviderClass alone; given are {given}.")
        for path, content in self._mounted(attributes["secretProviderClass"]).items():
            yield _File(path, content)

    def _of_source(self, name: str, source: Manifest, place: Path, mode: int) -> Iterator[_File]:
        match source:
            case {"configMap": given}:
                held = self._sources.config_map(given["name"], given.get("optional", False))
                yield from _chosen(held, given, mode, f"Volume {name}: config map {given['name']}")
            case {"secret": given}:
                of = given.get("secretName") or given["name"]  # of a volume, of a projection
                held = self._sources.secret(of, given.get("optional", False))
                yield from _chosen(held, given, mode, f"Volume {name}: secret {of}")
            case {"downwardAPI": given}:
                for item in given.get("items", ()):
                    yield _File(item["path"], self._downward(item).encode(), item.get("mode", mode))
            case {"serviceAccountToken": given}:
                seconds = int(given.get("expirationSeconds", TOKEN_SECONDS))
                self.tokens.append(Token(place / given["path"], given.get("audience", ""), seconds))
            case _:
                raise PodError(f"Volume {name}: projected {', '.join(sorted(source))} is not modelled.")

    def _downward(self, item: Manifest) -> str:
        if "fieldRef" in item:
            return self._sources.field(item["fieldRef"]["fieldPath"])
        # Here, unlike in a variable, the container is always named.
        return self._sources.resource(item["resourceFieldRef"], {"name": ""})


def _mode(file: _File) -> int:
    return 0o700 if file.mode & _RUN else 0o600


def _chosen(held: Mapping[str, bytes] | None, given: Manifest, mode: int, where: str) -> Iterator[_File]:
    """The files that `items` choose of what an object holds; each of its keys when there are none."""
    if held is None:
        return
    if not given.get("items"):
        yield from (_File(key, content, mode) for key, content in held.items())
        return
    for item in given["items"]:
        if item["key"] in held:
            yield _File(item["path"], held[item["key"]], item.get("mode", mode))
        elif not given.get("optional"):
            raise PodError(f"{where} references non-existent key: {item['key']}")
