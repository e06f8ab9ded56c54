"""As `encryption`, for SUP."""

from dataclasses import replace
from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.spec import Case, Spec, of_type
from tests.policies.specs.pods.making import CONTAINER, in_every_list, of, wherever

ECR = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
DIGEST = "@sha256:" + "0a" * 32
PINNED = {"image": f"{ECR}/model{DIGEST}"}
TAGGED = {"image": f"{ECR}/model:1.0"}
FOREIGN = {"image": f"ghcr.io/model{DIGEST}"}
LISTED = {"registries": [ECR, "nvcr.io/nvidia"]}
CHARTS = {"chartRepositories": ["https://charts.example.com/stable", f"oci://{ECR}/charts"]}


def image(text: Any) -> R:
    return of({"image": text})


def repository(name: Any = "model", **fields: Any) -> R:
    props = {} if name is None else {"name": name}
    return R("aws:ecr/repository:Repository", {**props, **fields}, "repository")


def scanning(*filters: Any, kind: Any = "ENHANCED") -> R:
    rules = [
        {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": f, "filterType": "WILDCARD"}]}
        for f in filters
    ]
    return R(
        "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration",
        {"scanType": kind, "rules": rules},
        "scanning",
    )


def chart(**fields: Any) -> R:
    repo = {"repositoryOpts": {"repo": "https://charts.example.com/stable"}}
    return R("kubernetes:helm.sh/v4:Chart", {"chart": "model", "version": "1.2.3", **repo, **fields})


ON_PUSH = {"imageScanningConfiguration": {"scanOnPush": True}}
SPECS: dict[str, Spec] = {
    "SUP-01": Spec(
        good=(of(PINNED),),
        leaf=f"{CONTAINER}.image",
        bad=f"{ECR}/model:1.0",
        flips={f"{CONTAINER}.image": f"{ECR}/model:2.0"},
        extra=(
            *wherever({"containers": [PINNED]}, {"containers": [TAGGED]}),
            *in_every_list(PINNED, TAGGED),
            Case("latest", (image(f"{ECR}/model:latest"),), "deny"),
            Case("no tag", (image(f"{ECR}/model"),), "deny"),
            Case("a tag beside the digest", (image(f"{ECR}/model:1.0{DIGEST}"),), "pass"),
            Case("another algorithm", (image(f"{ECR}/model@sha512:" + "0a" * 64),), "deny"),
            Case("a short digest", (image(f"{ECR}/model@sha256:" + "0a" * 16),), "deny"),
            Case("a digest with an end", (image(f"{ECR}/model{DIGEST} "),), "deny"),
            Case("upper case", (image(f"{ECR}/Model{DIGEST}"),), "deny"),
            Case("a host with a port", (image(f"localhost:5000/model{DIGEST}"),), "pass"),
        ),
    ),
    "SUP-02": Spec(
        good=(of(PINNED),),
        leaf=f"{CONTAINER}.image",
        bad=f"ghcr.io/model{DIGEST}",
        settings=LISTED,
        extra=(
            *wherever({"containers": [PINNED]}, {"containers": [FOREIGN]}),
            *in_every_list(PINNED, FOREIGN),
            Case("nothing is listed", (of(PINNED),), "deny", {}),
            Case("Docker Hub", (image("python:3.13"),), "deny"),
            Case("a host that begins alike", (image(f"{ECR}.example.com/model"),), "deny"),
            Case("the host as a path", (image(f"example.com/{ECR}/model"),), "deny"),
            Case("the host in upper case", (image(f"{ECR.upper()}/model"),), "deny"),
            Case("another port", (image(f"{ECR}:5000/model"),), "deny"),
            Case("below a listed path", (image(f"nvcr.io/nvidia/plugin{DIGEST}"),), "pass"),
            Case("beside a listed path", (image(f"nvcr.io/nvidia-other/plugin{DIGEST}"),), "deny"),
            Case("out of a listed path", (image(f"nvcr.io/nvidia/../other/plugin{DIGEST}"),), "deny"),
            Case("a user before the host", (image(f"{ECR}@example.com/model"),), "deny"),
        ),
    ),
    "SUP-03": Spec(
        good=(of_type("ecr/repository:Repository", imageTagMutability="IMMUTABLE"),),
        leaf="imageTagMutability",
        bad="MUTABLE",
        extra=(
            Case(
                "but for some",
                (of_type("ecr/repository:Repository", imageTagMutability="IMMUTABLE_WITH_EXCLUSION"),),
                "pass",
            ),
            Case(
                "all but some",
                (of_type("ecr/repository:Repository", imageTagMutability="MUTABLE_WITH_EXCLUSION"),),
                "deny",
            ),
            Case("lower case", (of_type("ecr/repository:Repository", imageTagMutability="immutable"),), "deny"),
        ),
    ),
    "SUP-04": Spec(
        good=(of_type("ecr/repository:Repository", **ON_PUSH),),
        leaf="imageScanningConfiguration.scanOnPush",
        bad=False,
        extra=(
            Case("nothing said", (repository(),), "deny"),
            Case("by the registry", (repository(), scanning("*")), "pass"),
            Case(
                "by the registry, on push denied",
                (repository(imageScanningConfiguration={"scanOnPush": False}), scanning("*")),
                "pass",
            ),
            Case("by the registry, a pattern", (repository("team/model"), scanning("other/*", "team/*")), "pass"),
            Case("by the registry, part of the name", (repository("team/model"), scanning("mod")), "pass"),
            Case("by the registry, other repositories", (repository("team/model"), scanning("other/*")), "deny"),
            Case("by the registry, basic", (repository(), scanning("*", kind="BASIC")), "deny"),
            Case("by the registry, kind unknown", (repository(), scanning("*", kind=UNKNOWN)), "unknown"),
            Case("by the registry, filter unknown", (repository(), scanning(UNKNOWN)), "unknown"),
            Case("by the registry, name unknown", (repository(UNKNOWN), scanning("team/*")), "unknown"),
            Case("by the registry, name unknown, all", (repository(UNKNOWN), scanning("*")), "pass"),
            Case("by the registry, name left to Pulumi", (repository(None), scanning("team/*")), "unknown"),
            Case(
                "by the registry, name as output",
                (replace(repository(None), outputs={"name": "team/m"}), scanning("team/*")),
                "pass",
            ),
            Case("by the registry, no rules", (repository(), scanning()), "deny"),
            Case("by the registry, a filter of the wrong type", (repository(), scanning(1)), "deny"),
            Case("one scanned, one not", (replace(repository(**ON_PUSH), name="a"), repository()), "deny"),
        ),
    ),
    "SUP-05": Spec(
        good=(chart(),),
        leaf="version",
        bad=">=1.0.0",
        settings=CHARTS,
        equivalent={"flip chart": "any chart of a listed repository"},
        extra=(
            Case("nothing is listed", (chart(),), "deny", {}),
            Case("a release", (replace(chart(), type="kubernetes:helm.sh/v3:Release"),), "pass"),
            Case(
                "a release, any version", (replace(chart(version="1.x"), type="kubernetes:helm.sh/v3:Release"),), "deny"
            ),
            Case("a pre-release", (chart(version="v1.2.3-rc.1+build"),), "pass"),
            Case("latest", (chart(version="latest"),), "deny"),
            Case("another repository", (chart(repositoryOpts={"repo": "https://example.com"}),), "deny"),
            Case(
                "one that begins alike", (chart(repositoryOpts={"repo": "https://charts.example.com/stable2"}),), "deny"
            ),
            Case("without TLS", (chart(repositoryOpts={"repo": "http://charts.example.com/stable"}),), "deny"),
            Case("no repository", (chart(repositoryOpts=None),), "deny"),
            Case("repository unknown", (chart(repositoryOpts={"repo": UNKNOWN}),), "unknown"),
            Case("chart unknown", (chart(chart=UNKNOWN),), "unknown"),
            Case("a folder", (chart(chart="./charts/model"),), "deny"),
            Case("an archive somewhere else", (chart(chart="https://example.com/model.tgz"),), "deny"),
            Case("of an OCI registry", (chart(chart=f"oci://{ECR}/charts/model", repositoryOpts=None),), "pass"),
            Case("of another OCI registry", (chart(chart="oci://ghcr.io/charts/model"),), "deny"),
            Case("out of a listed path", (chart(chart=f"oci://{ECR}/charts/../other"),), "deny"),
        ),
    ),
}
