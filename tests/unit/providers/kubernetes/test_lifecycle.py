"""Create, update, delete and preview, against a fake API server."""

import pytest

from tests.support.kubernetes_api import Answer, FakeApi, status
from tests.unit.providers.kubernetes.conftest import MakeOperation, Said, config_map
from twin.providers.kubernetes import lifecycle
from twin.providers.kubernetes.errors import ProviderError

PATH = "/api/v1/namespaces/default/configmaps/settings"


def test_a_create_is_one_request_of_the_resources_own_manager(api: FakeApi, operation: MakeOperation) -> None:
    lifecycle.create(operation(config_map()))
    (sent,) = api.said("PATCH")
    assert sent.query["fieldManager"] == operation(config_map()).manager
    assert sent.body["metadata"]["resourceVersion"] == "1"
    assert "force" not in sent.query


def test_what_an_interrupted_run_of_the_same_resource_made_is_taken_over(
    api: FakeApi, operation: MakeOperation
) -> None:
    lifecycle.create(operation(config_map()))
    live = lifecycle.create(operation(config_map(data={"a": "2"})))
    assert live["data"] == {"a": "2"}


def test_what_somebody_else_made_is_left_alone(api: FakeApi, operation: MakeOperation) -> None:
    lifecycle.create(operation(config_map()))
    other = operation(config_map(metadata={"annotations": {"pulumi.com/patchFieldManager": "other"}}))
    with pytest.raises(ProviderError, match="already exists in the cluster"):
        lifecycle.create(other)
    assert api.objects[PATH]["data"] == {"a": "1"}


def test_a_namespace_that_comes_a_moment_later_is_waited_for(
    api: FakeApi, operation: MakeOperation, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def comes(_: str, text: str) -> None:
        """As soon as it is missed."""
        said.statuses.append(text)
        api.objects["/api/v1/namespaces/team"] = {"metadata": {"name": "team"}}

    monkeypatch.setattr(said, "status", comes)
    lifecycle.create(operation(config_map(metadata={"namespace": "team"})))
    assert 'Waiting: namespaces "team" not found' in said.statuses


def test_a_namespace_that_never_comes_is_said(operation: MakeOperation) -> None:
    with pytest.raises(ProviderError, match='ConfigMap never/settings cannot be created: namespaces "never" not found'):
        lifecycle.create(operation(config_map(metadata={"namespace": "never"}), seconds=0.3))


def test_a_conflict_names_the_other_manager_and_the_way_out(api: FakeApi, operation: MakeOperation) -> None:
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "hpa" using v1', "field": ".spec.replicas"}
    api.plan(status(409, "Conflict", "Apply failed with 1 conflict", causes=[cause]), "PATCH")
    with pytest.raises(ProviderError, match=r'\.spec\.replicas: conflict with "hpa" using v1.*pulumi\.com/patchForce'):
        lifecycle.update(operation(config_map()))


def test_what_kubectl_set_meanwhile_is_taken_over(api: FakeApi, operation: MakeOperation) -> None:
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl-edit" using v1', "field": ".data.a"}
    api.plan(status(409, "Conflict", "Apply failed with 1 conflict", causes=[cause]), "PATCH")
    lifecycle.update(operation(config_map()))
    assert [request.query.get("force") for request in api.said("PATCH")] == [None, "true"]


def test_a_deletion_is_of_the_very_object(api: FakeApi, operation: MakeOperation) -> None:
    made = lifecycle.create(operation(config_map()))
    lifecycle.delete(operation(config_map()), "settings", "default", made["metadata"]["uid"])
    (sent,) = api.said("DELETE")
    assert sent.body["preconditions"] == {"uid": made["metadata"]["uid"]}
    assert PATH not in api.objects
    lifecycle.delete(operation(config_map()), "settings", "default", "")  # gone is gone


def test_a_name_that_is_another_objects_by_now_is_left_alone(api: FakeApi, operation: MakeOperation) -> None:
    words = "Precondition failed: UID in precondition: a, UID in object meta: b"
    api.plan(status(409, "Conflict", words), "DELETE")
    lifecycle.delete(operation(config_map()), "settings", "default", "a")


def test_a_finalizer_is_named(api: FakeApi, operation: MakeOperation) -> None:
    held = config_map(metadata={"finalizers": ["example.com/hold"]})
    made = lifecycle.create(operation(held))
    with pytest.raises(ProviderError, match=r"not gone after 0 s: held by the finalizers example\.com/hold"):
        lifecycle.delete(operation(held, seconds=0.1), "settings", "default", made["metadata"]["uid"])


@pytest.mark.parametrize(("chosen", "sent"), [("", "Background"), ("orphan", "Orphan"), ("foreground", "Foreground")])
def test_how_a_deletion_spreads(api: FakeApi, operation: MakeOperation, chosen: str, sent: str) -> None:
    annotations = {"pulumi.com/deletionPropagationPolicy": chosen} if chosen else {}
    lifecycle.delete(operation(config_map(metadata={"annotations": annotations})), "settings", "default", "")
    assert api.said("DELETE")[0].body["propagationPolicy"] == sent


@pytest.mark.parametrize(
    "answer",
    [
        status(403, "Forbidden", 'configmaps "a" is forbidden: User "viewer" cannot patch resource "configmaps"'),
        status(404, "NotFound", 'namespaces "team" not found'),
        status(422, "Invalid", "data: Invalid value: field is immutable"),
    ],
)
def test_a_preview_answers_from_the_inputs_where_the_cluster_cannot(
    api: FakeApi, operation: MakeOperation, answer: Answer
) -> None:
    api.plan(answer, "PATCH")
    assert lifecycle.preview(operation(config_map()), creating=True) is None


def test_a_preview_says_what_admission_refuses(api: FakeApi, operation: MakeOperation) -> None:
    words = "ValidatingAdmissionPolicy 'images' with binding 'images' denied request: no digest"
    api.plan(status(403, "Forbidden", words), "PATCH")
    with pytest.raises(ProviderError, match=r"would be refused: ValidatingAdmissionPolicy 'images'.*no digest"):
        lifecycle.preview(operation(config_map()), creating=True)


def test_a_preview_changes_nothing(api: FakeApi, operation: MakeOperation) -> None:
    found = lifecycle.preview(operation(config_map()), creating=True)
    assert found is not None
    assert PATH not in api.objects
    assert api.said("PATCH")[0].query["dryRun"] == "All"
