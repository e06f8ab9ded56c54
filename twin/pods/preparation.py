"""What it takes to run a pod that the API server holds: its folders, volumes, variables and commands."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools import images
from twin.account import Account
from twin.kubernetes.controllers.loop import World
from twin.pods import identity, secrets_store, service_names
from twin.pods.container import Command
from twin.pods.errors import PodError
from twin.pods.expansion import expand
from twin.pods.files import make_folder
from twin.pods.probes import Target
from twin.pods.records import LocalPod
from twin.pods.rewriting import Rewriting
from twin.pods.sources import Sources
from twin.pods.variables import of_services, variables
from twin.pods.volumes import Token, Volumes

Manifest = Mapping[str, Any]
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Surroundings:
    """What is there around every pod of a cluster."""

    world: World
    environment_of: Callable[[str], Path]
    """The virtual environment of an image: see tools/images.py."""
    image_files: Mapping[str, Path]
    """Files that the images have and the twin has its own of, by their path in an image."""
    claims: Path
    """The folder of the persistent volumes of a cluster."""


@dataclass(frozen=True)
class Prepared:
    """Everything that the processes of a pod need, besides the tokens, which are still to be written."""

    commands: Mapping[str, Command]
    """By container; init containers too."""
    tokens: tuple[Token, ...]
    refresh: Callable[[], None]
    """Brings its files to what the cluster's config maps and secrets say now."""


class Preparation:
    """Makes one pod ready to run in a folder of its own."""

    def __init__(
        self,
        around: Surroundings,
        pod: Manifest,
        folder: Path,
        local: LocalPod,
        agent_url: str,
        proxy: Mapping[str, str],
    ) -> None:
        """`local`: the pod as others on this machine know it; `agent_url`: empty for a pod without a role.

        `proxy`: variables that lead programs to other pods, see twin/pods/network.py.
        """
        self._around, self._pod, self._folder = around, pod, folder
        self._local, self._agent_url, self._proxy = local, agent_url, proxy
        self._sources = Sources(around.world.api, pod, local.address)

    def make(self, others: Sequence[LocalPod], credentials: Callable[[], Account]) -> Prepared:
        """Make everything. `others`: pods that run here; `credentials`: the account as this pod sees it.

        Raises PodError that names what is missing or not modelled.
        """
        spec, api = self._pod["spec"], self._around.world.api
        make_folder(self._folder / "logs")
        volumes = self._volumes(self._sources, credentials)
        places = {volume["name"]: volumes.make(volume) for volume in spec.get("volumes", ())}
        tokens = list(volumes.tokens)
        if self._agent_url:
            file = self._folder / "volumes" / ".eks-pod-identity-token" / "eks-pod-identity-token"
            tokens.append(Token(file, identity.AUDIENCE, identity.TOKEN_SECONDS))
        services = api.list("v1", "Service")
        rename = service_names.rewriter(services, [self._local, *others], self._sources.namespace)
        links = self._service_variables(services)
        commands = {
            container["name"]: self._command(container, places, rename, links)
            for container in (*spec.get("initContainers", ()), *spec["containers"])
        }
        return Prepared(commands, tuple(tokens), lambda: self._refresh(credentials))

    def _volumes(self, sources: Sources, credentials: Callable[[], Account]) -> Volumes:
        api = self._around.world.api
        return Volumes(
            self._folder / "volumes",
            sources,
            lambda name: secrets_store.files(api, sources.namespace, name, credentials),
            self._around.claims,
        )

    def _refresh(self, credentials: Callable[[], Account]) -> None:
        sources = Sources(self._around.world.api, self._pod, self._local.address)  # what was asked before is kept
        volumes = self._volumes(sources, credentials)
        for volume in self._pod["spec"].get("volumes", ()):
            volumes.refresh(volume)

    def _command(
        self, container: Manifest, places: Mapping[str, Path], rename: Callable[[str], str], links: Mapping[str, str]
    ) -> Command:
        name, image = container["name"], self._image(container)
        command = container.get("command") or images.entry_point(image)
        if not command:
            raise PodError(
                f"Container {name} has no command: there is no image here to take an entry point from. "
                'Name it in the manifest, as command: ["mlflow", "server"].'
            )
        root = self._folder / "containers" / name
        make_folder(root)
        environment = self._around.environment_of(image)
        given = variables(container, self._sources, links)
        mounts = dict(self._mounts(container, places, given.values))
        rewriting = Rewriting({**self._around.image_files, **mounts}, self._local.address, rename)
        for path, place in sorted(mounts.items()):
            _link(root, path, place)
        rewritten = {
            key: value if key in given.of_secrets else rewriting.text(value) for key, value in given.values.items()
        }
        # Those that find other pods by themselves; to the rest other pods are names, which are rewritten.
        proxy = self._proxy if image in images.UPSTREAM else {}
        values = {**self._defaults(root, mounts), **proxy, **rewritten}
        values["HOME"] = str(_inside(root, given.values.get("HOME", "/"), rewriting))
        values["PATH"] = f"{environment / 'bin'}:{rewritten.get('PATH', SYSTEM_PATH)}"
        words = [*command, *container.get("args", ())]
        ports = {port["name"]: port["containerPort"] for port in container.get("ports", ()) if port.get("name")}
        folder = _inside(root, container.get("workingDir") or "/", rewriting)
        return Command(
            name=name,
            arguments=[rewriting.text(expand(word, given.values)) for word in words],
            variables=values,
            folder=folder,
            log=self._folder / "logs" / f"{name}.log",
            manifest=container,
            target=Target(self._local.address, ports, folder, values, rewriting.text),
        )

    def _image(self, container: Manifest) -> str:
        """`mlflow` for the repository `groundwork-<environment>-mlflow`; `groundwork-<environment>` is the cluster.

        Or one of others' programs that can be had here, by the name of its repository.
        """
        repository = str(container["image"]).partition("@")[0].rpartition("/")[2].partition(":")[0]
        prefix = f"{self._around.world.cluster}-"
        name = repository.removeprefix(prefix)
        if name == repository and name not in images.UPSTREAM:
            raise PodError(
                f"Container {container['name']}: image {container['image']} is none of the platform's own "
                f"(…/{prefix}<image>), so there is nothing here to run."
            )
        return name

    def _mounts(
        self, container: Manifest, places: Mapping[str, Path], values: Mapping[str, str]
    ) -> Iterator[tuple[str, Path]]:
        for mount in container.get("volumeMounts", ()):
            place = places[mount["name"]]
            below = mount.get("subPath") or expand(mount.get("subPathExpr", ""), values)
            if below:
                place = place / below
                make_folder(place)
            yield mount["mountPath"].rstrip("/"), place

    def _defaults(self, root: Path, mounts: Mapping[str, Path]) -> dict[str, str]:
        """What a container has without its manifest saying so: of the engine, of EKS, of the twin."""
        temporary = mounts.get("/tmp", root / "tmp")  # noqa: S108 - the path in the container
        make_folder(temporary)
        aws = self._around.world.aws
        found = {
            "HOSTNAME": str(self._pod["spec"].get("hostname") or self._pod["metadata"]["name"]),
            "LANG": "C.UTF-8",
            "TMPDIR": str(temporary),
            "AWS_REGION": aws.region,
            "AWS_DEFAULT_REGION": aws.region,
            "AWS_ENDPOINT_URL": aws.endpoint_url or "",
            "AWS_CA_BUNDLE": aws.ca_bundle or "",
            # Nobody but the pod's own role: no node's, no person's. Not os.devnull: to DVC that is no file.
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(root / "aws" / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(root / "aws" / "credentials"),
        }
        if self._agent_url:
            token = self._folder / "volumes" / ".eks-pod-identity-token" / "eks-pod-identity-token"
            found |= {
                "AWS_STS_REGIONAL_ENDPOINTS": "regional",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": self._agent_url,
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
            }
        return {key: value for key, value in found.items() if value}

    def _service_variables(self, services: list[dict[str, Any]]) -> dict[str, str]:
        of_namespace = [one for one in services if one["metadata"]["namespace"] == self._sources.namespace]
        master = next((one for one in services if _id(one) == ("default", "kubernetes")), None)
        found = of_services(of_namespace, master, self._pod["spec"].get("enableServiceLinks", True))
        server = urlsplit(self._around.world.api.access.server)
        # The cluster's address of its API server is none of this machine's.
        return {
            **found,
            "KUBERNETES_SERVICE_HOST": server.hostname or "",
            "KUBERNETES_SERVICE_PORT": str(server.port or 443),
        }


def _id(service: Manifest) -> tuple[str, str]:
    return service["metadata"]["namespace"], service["metadata"]["name"]


def _inside(root: Path, path: str, rewriting: Rewriting) -> Path:
    """The folder on this machine for a folder of the container, which is made if it is not there."""
    rewritten = rewriting.text(path)
    place = Path(rewritten) if rewritten != path else root / path.lstrip("/")
    make_folder(place)
    return place


def _link(root: Path, path: str, place: Path) -> None:
    """Show a mount below the container's folder, for paths that are put together there, as `$HOME/.mlflow`."""
    link = root / path.lstrip("/")
    if any(parent.is_symlink() for parent in link.parents):  # a mount within a mount: only its own path leads there
        return
    make_folder(link.parent)
    link.symlink_to(place)
