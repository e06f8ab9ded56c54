"""What an update would do: asked of the API server only where the inputs differ."""

from tests.support.kubernetes_api import FakeApi, status
from tests.unit.providers.kubernetes.conftest import MakeOperation, Said, config_map
from twin.providers.kubernetes import lifecycle
from twin.providers.kubernetes.plan import plan

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "door", "namespace": "default"},
    "spec": {"ports": [{"port": 80}]},
}


def test_without_a_difference_nothing_is_asked(api: FakeApi, operation: MakeOperation) -> None:
    found = plan(operation(config_map()), config_map(), config_map(), [])
    assert (found.kinds, found.replaces, api.requests) == ({}, [], [])


def test_a_listed_field_needs_a_new_object_and_a_given_name_the_old_one_gone(operation: MakeOperation) -> None:
    found = plan(operation(config_map(data={"a": "2"})), config_map(), config_map(), [])
    assert found.kinds == {"data.a": "UPDATE_REPLACE"}
    assert found.replaces == ["data.a"]
    assert found.delete_before_replace


def test_a_made_up_name_leaves_the_old_object_until_the_new_one_is_there(operation: MakeOperation) -> None:
    named = {"metadata": {"annotations": {"pulumi.com/autonamed": "true"}}}
    found = plan(operation(config_map(data={"a": "2"}, **named)), config_map(**named), config_map(**named), [])
    assert found.replaces
    assert not found.delete_before_replace


def test_what_the_api_server_calls_immutable_needs_a_new_object(api: FakeApi, operation: MakeOperation) -> None:
    lifecycle.apply(operation(SERVICE))
    cause = {"field": "spec.x", "message": "field is immutable"}
    api.plan(status(422, "Invalid", "spec.x: field is immutable", causes=[cause]), "PATCH")
    new = {**SERVICE, "spec": {**SERVICE["spec"], "x": 1, "y": 1}}  # type: ignore[dict-item]
    found = plan(operation(new), SERVICE, SERVICE, [])
    assert found.kinds == {"spec.x": "ADD_REPLACE", "spec.y": "ADD"}


def test_a_difference_that_the_api_server_does_not_see_is_none(api: FakeApi, operation: MakeOperation) -> None:
    lifecycle.apply(operation(SERVICE))
    worded_otherwise = {**SERVICE, "spec": {"ports": [{"port": "eighty"}]}}
    assert plan(operation(SERVICE), worded_otherwise, SERVICE, []).kinds == {}


def test_after_an_import_what_the_program_does_not_say_stays(api: FakeApi, operation: MakeOperation) -> None:
    api.objects["/api/v1/namespaces/default/services/door"] = {**SERVICE}
    imported = {**SERVICE, "spec": {**SERVICE["spec"], "clusterIP": "10.0.0.1"}}  # type: ignore[dict-item]
    assert plan(operation(SERVICE), imported, imported, []).kinds == {}


def test_ignored_changes_do_not_count(operation: MakeOperation) -> None:
    assert plan(operation(config_map(data={"a": "2"})), config_map(), config_map(), ["data"]).kinds == {}


def test_replace_unready_is_for_jobs(api: FakeApi, operation: MakeOperation, said: Said) -> None:
    annotated = {"metadata": {"annotations": {"pulumi.com/replaceUnready": "true"}}}
    assert plan(operation(config_map(**annotated)), config_map(**annotated), config_map(), []).kinds == {}
    assert said.warnings == ["pulumi.com/replaceUnready is for Jobs alone; it does nothing here"]

    job = {**config_map(**annotated), "apiVersion": "batch/v1", "kind": "Job"}
    api.objects["/apis/batch/v1/namespaces/default/jobs/settings"] = job
    found = plan(operation(job), job, job, [])
    assert found.replaces == ['metadata.annotations["pulumi.com/replaceUnready"]']
    assert found.delete_before_replace
