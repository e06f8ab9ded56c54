"""MLG-04."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import ABSENT, changed
from tests.policies.spec import Case, Spec

PRODUCTION = {"production": True}
DIGEST = "sha256:" + "0123456789abcdef" * 4
IMAGE = f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/serving@{DIGEST}"
PACKAGE = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7"
RELEASE = {
    "groundwork.io/approval": "Approved",
    "groundwork.io/author": "ada@example.com",
    "groundwork.io/approver": "grace@example.com",
}
ANNOTATIONS = RELEASE | {"groundwork.io/model-version": "churn/7"}
SERVING = {"app.kubernetes.io/component": "serving"}
MODEL = R(
    "aws:sagemaker/model:Model", {"tags": RELEASE, "primaryContainer": {"modelPackageName": PACKAGE, "image": IMAGE}}
)
DEPLOYMENT = R(
    "kubernetes:apps/v1:Deployment",
    {
        "metadata": {"labels": SERVING, "annotations": ANNOTATIONS},
        "spec": {"template": {"spec": {"containers": [{"image": IMAGE}]}}},
    },
)
INFERENCE = R(
    "kubernetes:serving.kserve.io/v1beta1:InferenceService",
    {
        "metadata": {"annotations": ANNOTATIONS | {"groundwork.io/model-digest": DIGEST}},
        "spec": {"predictor": {"model": {"storageUri": "s3://models/churn"}}},
    },
)
CONTAINERS = "spec.template.spec.containers"


def note(item: R, key: str, value: Any) -> tuple[R, ...]:
    place = "tags" if item is MODEL else "metadata.annotations"
    return edited(item, f'{place}["groundwork.io/{key}"]', value)


def edited(item: R, path: str, value: Any) -> tuple[R, ...]:
    return (item.with_props(changed(item.props, path, value)),)


def labelled(value: Any, where: str = "metadata") -> tuple[R, ...]:
    """A Deployment without a release, and with labels."""
    bare = DEPLOYMENT.with_props({"metadata": {}, "spec": DEPLOYMENT.props["spec"]})
    return edited(bare, f"{where}.labels", value)


SPECS: dict[str, Spec] = {
    "MLG-04": Spec(
        good=(MODEL,),
        leaf="primaryContainer.modelPackageName",
        bad="arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/latest",
        settings=PRODUCTION,
        flips={
            'tags["groundwork.io/author"]': "grace@example.com",
            'tags["groundwork.io/approver"]': "",
            "primaryContainer.modelPackageName": "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn",
            "primaryContainer.image": "serving:latest",
        },
        equivalent={"delete primaryContainer.image": "the version in the registry has the image"},
        extra=(
            Case("not in production", (R("aws:sagemaker/model:Model", {}),), "pass", {}),
            Case("no container", edited(MODEL, "primaryContainer", ABSENT), "deny"),
            Case("one container of several", edited(MODEL, "containers", [{"image": "serving:1"}]), "deny"),
            Case("container unknown", edited(MODEL, "primaryContainer", UNKNOWN), "unknown"),
            Case("author and approver, spelt otherwise", note(MODEL, "approver", " ADA@example.com"), "deny"),
            Case(
                "version as a tag, image by digest",
                edited(note(MODEL, "model-version", "7")[0], "primaryContainer", {"image": IMAGE}),
                "pass",
            ),
            Case("image alone", edited(MODEL, "primaryContainer", {"image": IMAGE}), "deny"),
            Case("deployment", (DEPLOYMENT,), "pass"),
            Case("deployment, pending", note(DEPLOYMENT, "approval", "PendingManualApproval"), "deny"),
            Case("deployment, approved by its author", note(DEPLOYMENT, "approver", "ada@example.com"), "deny"),
            Case("deployment, approver unknown", note(DEPLOYMENT, "approver", UNKNOWN), "unknown"),
            Case("deployment without a version", note(DEPLOYMENT, "model-version", ABSENT), "deny"),
            Case("deployment, a tag", edited(DEPLOYMENT, CONTAINERS, [{"image": IMAGE}, {"image": "a:1"}]), "deny"),
            Case("deployment, image unknown", edited(DEPLOYMENT, CONTAINERS, [{"image": UNKNOWN}]), "unknown"),
            Case(
                "annotations of the template",
                (
                    DEPLOYMENT.with_props(
                        {
                            "metadata": {"labels": SERVING},
                            "spec": {
                                "template": {
                                    "metadata": {"annotations": ANNOTATIONS},
                                    "spec": {"containers": [{"image": IMAGE}]},
                                }
                            },
                        }
                    ),
                ),
                "pass",
            ),
            Case("deployment of something else", labelled({"app.kubernetes.io/component": "web"}), "pass"),
            Case("deployment without labels", labelled(None), "pass"),
            Case("deployment that serves, by the template", labelled(SERVING, "spec.template.metadata"), "deny"),
            Case("deployment, labels unknown", labelled(UNKNOWN), "unknown"),
            Case(
                "in a List",
                (
                    R(
                        "kubernetes:apps/v1:DeploymentList",
                        {"items": [{**DEPLOYMENT.props, "metadata": {"labels": SERVING}}]},
                    ),
                ),
                "deny",
            ),
            Case("inference service", (INFERENCE,), "pass"),
            Case("inference service without a digest", note(INFERENCE, "model-digest", ABSENT), "deny"),
            Case("inference service with an image", edited(INFERENCE, "spec.predictor.model.image", "a:1"), "deny"),
            Case(
                "inference service with containers",
                edited(INFERENCE, "spec.predictor", {"containers": [{"image": IMAGE}]}),
                "pass",
            ),
            Case(
                "inference service, transformer",
                edited(INFERENCE, "spec.transformer", {"containers": [{"image": "a"}]}),
                "deny",
            ),
            Case("inference service, not approved", note(INFERENCE, "approval", "Rejected"), "deny"),
        ),
    ),
}
