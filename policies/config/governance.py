"""Settings of the MLG rules, some of which LOG, RES and CST rules read too: what holds data, what serves, what trains.

A label or tag is written `key=value`, or `key` alone where any value but `false` counts. Names are globs.
"""

from dataclasses import dataclass

from policies.config.reading import setting, text, texts, whole_number


@dataclass(frozen=True)
class GovernanceSettings:
    """What the MLG rules take from the config."""

    required_tags: tuple[str, ...] = setting(
        ("owner", "environment", "cost-center", "data-classification", "system-id"), texts("keys of tags")
    )
    """MLG-01: tags that every resource has, by itself or by the provider's default tags."""
    data_bucket_names: tuple[str, ...] = setting(
        ("*artifact*", "*dataset*", "*dvc*", "*model*"), texts("globs over the names of buckets")
    )
    """LOG-02, RES-01, MLG-03: buckets that hold data sets or models, by physical or logical name."""
    data_bucket_tags: tuple[str, ...] = setting(
        ("content=dataset", "content=model"), texts("tags such as content=dataset")
    )
    """The same, by tag."""
    lineage_tags: tuple[str, ...] = setting(("dataset-version", "source"), texts("keys of tags"))
    """MLG-03: tags of a store of data sets or models, all of them."""
    lineage_origin_tags: tuple[str, ...] = setting(("pipeline-run", "code-commit"), texts("keys of tags"))
    """MLG-03: tags of which one is there."""
    serving_label: str = setting("app.kubernetes.io/component=serving", text("a label such as role=serving"))
    """RES-10, MLG-04, MLG-12: workloads that serve a model."""
    training_label: str = setting("app.kubernetes.io/component=training", text("a label such as role=training"))
    """MLG-12: workloads that train."""
    tracking_label: str = setting("app.kubernetes.io/name=mlflow", text("a label such as app=mlflow"))
    """MLG-10: workloads that are a tracking server."""
    model_version_key: str = setting("groundwork.io/model-version", text("the key of an annotation or tag"))
    """MLG-04: holds the version in the registry."""
    approval_key: str = setting("groundwork.io/approval", text("the key of an annotation or tag"))
    """MLG-04: holds `Approved`."""
    author_key: str = setting("groundwork.io/author", text("the key of an annotation or tag"))
    """MLG-04: holds who made the version."""
    approver_key: str = setting("groundwork.io/approver", text("the key of an annotation or tag"))
    """MLG-04: holds who approved it."""
    model_digest_key: str = setting("groundwork.io/model-digest", text("the key of an annotation or tag"))
    """MLG-04: holds the `sha256:` digest of a model that is served without an image of its own."""
    model_card_tags: tuple[str, ...] = setting(
        ("intended-use", "model-owner", "evaluation"), texts("keys of tags of a model group")
    )
    """MLG-09: tags that stand for a model card, all of them."""
    authentication_annotations: tuple[str, ...] = setting(
        (
            "alb.ingress.kubernetes.io/auth-type",
            "nginx.ingress.kubernetes.io/auth-type",
            "nginx.ingress.kubernetes.io/auth-url",
            "groundwork.io/authentication",
        ),
        texts("keys of annotations"),
    )
    """MLG-10: annotations of a Service or Ingress that asks who is there; the value `none` does not count."""
    invocation_log_days: int = setting(183, whole_number(1, 3653, "days"))
    """MLG-11: the least retention of the log of calls to models; 183 days are the six months of the EU AI Act."""
    gpu_resources: tuple[str, ...] = setting(("nvidia.com/gpu",), texts("extended resources such as nvidia.com/gpu"))
    """MLG-12: resources that are GPUs."""
    gpu_quota_namespaces: tuple[str, ...] = setting((), texts("globs over the names of namespaces"))
    """MLG-12: namespaces that need a GPU quota, beside those in which a workload of the stack asks for a GPU."""
