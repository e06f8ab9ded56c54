"""What makes the search domain's roles, tenants and life cycles: a Job with the role of the domain's master.

These are objects of OpenSearch's own API, of which AWS' knows nothing. What they are to be is a ConfigMap; the Job's
name carries a hash of it and of the image, so that a change runs it again, and what stays the same does not.

The closed namespace lets its pods reach what is in the VPC at port 443, and so the domain, and the agent that has their
role's credentials. The role is made apart from the Job: the domain names it as its master, and stands between the two.

Source: Kubernetes documentation, "Jobs" (the pod template of a Job cannot be changed).
Errors: pydantic.ValidationError naming the field, before anything is registered.
"""

import hashlib
from typing import Any, Final

import pulumi
from pulumi_kubernetes.batch import v1 as batch
from pulumi_kubernetes.core import v1 as core

from components.labels import labels
from components.model import Model, Wire
from components.monitoring.exporters import account
from components.monitoring.pods import metadata
from components.pod_security import restricted_container, restricted_pod
from components.sdk_inputs import untyped

APPLICATION: Final = "opensearch-setup"
COMPONENT: Final = "logs"
COMMAND: Final = "groundwork-opensearch-setup"
FOLDER: Final = "/etc/groundwork"
FILE: Final = "wanted.json"
USER: Final = 65532
RETRIES: Final = 6


class SearchSetupArgs(Model):
    """What the Job is wired to."""

    image: str
    """The image of images/opensearch-setup, by digest."""
    region: str
    """Where the domain is."""
    address: Wire
    """`https://host` of the domain."""
    wanted: str
    """What the domain is to hold; see `search_objects.wanted`."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must be there before: the namespace, the role of the Job's service account."""


class SearchSetup(pulumi.ComponentResource):
    """The Job `opensearch-setup-<hash>` in the namespace `monitoring`."""

    done: pulumi.Output[str]
    """The Job's name, known once it has done its work."""

    def __init__(self, name: str, args: SearchSetupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("groundwork:monitoring:SearchSetup", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self, depends_on=list(args.after))
        digest = digest_of(args)
        configuration = f"{APPLICATION}-{digest}"
        before: list[pulumi.Resource] = [
            core.ServiceAccount(f"{name}-account", **account(APPLICATION), opts=inside),
            core.ConfigMap(
                f"{name}-wanted",
                metadata=metadata(configuration, APPLICATION),
                data={FILE: args.wanted},
                opts=inside,
            ),
        ]
        job = batch.Job(
            f"{name}-job",
            metadata=metadata(configuration, APPLICATION),
            spec=untyped(
                {
                    "backoff_limit": RETRIES,
                    "template": {
                        "metadata": {"labels": labels(APPLICATION, COMPONENT)},
                        "spec": pod_of(args, configuration),
                    },
                }
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after, *before]),
        )
        self.done = job.metadata.apply(lambda found: str(found.name))
        self.register_outputs({"done": self.done})


def digest_of(args: SearchSetupArgs) -> str:
    """Return what a Job that would do something else is told from this one by."""
    return hashlib.sha256(f"{args.image}\n{args.wanted}".encode()).hexdigest()[:10]


def pod_of(args: SearchSetupArgs, configuration: str) -> dict[str, Any]:
    """Return the Job's pod: restricted, told where the domain is and what it is to hold."""
    told: dict[str, Any] = {
        "AWS_REGION": args.region,
        "OPENSEARCH_ADDRESS": args.address,
        "WANTED_FILE": f"{FOLDER}/{FILE}",
    }
    return {
        "service_account_name": APPLICATION,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "restart_policy": "OnFailure",
        "security_context": restricted_pod(USER),
        "containers": [
            {
                "name": APPLICATION,
                "image": args.image,
                "command": [COMMAND],
                "env": [{"name": name, "value": value} for name, value in told.items()],
                "resources": {
                    "requests": {"cpu": "50m", "memory": "128Mi"},
                    "limits": {"cpu": "500m", "memory": "128Mi"},
                },
                "security_context": restricted_container(),
                "volume_mounts": [{"name": "wanted", "mount_path": FOLDER, "read_only": True}],
            }
        ],
        "volumes": [{"name": "wanted", "config_map": {"name": configuration}}],
    }
