"""Decides which tags the platform puts on, once each."""

from components.tags import DataClass, classification_tag, default_tags, key_access_tags, name_tag


def test_the_default_tags_say_who_owns_pays_and_manages_and_how_sensitive_it_is() -> None:
    assert default_tags(environment="dev", owner="ml", cost_centre="cc-1", system_id="s-1") == {
        "environment": "dev",
        "owner": "ml",
        "cost-center": "cc-1",
        "system-id": "s-1",
        "data-classification": "confidential",
        "managed-by": "groundwork",
    }


def test_another_data_class_overrides_that_one_tag() -> None:
    assert classification_tag(DataClass.REGULATED) == {"data-classification": "regulated"}


def test_a_name_tag_tells_environments_apart() -> None:
    assert name_tag("dev", "network-vpc") == {"Name": "dev-network-vpc"}


def test_a_role_bears_the_most_that_any_grant_of_a_class_needs() -> None:
    confidential, internal = DataClass.CONFIDENTIAL, DataClass.INTERNAL
    tags = key_access_tags([(confidential, "write"), (confidential, "read"), (internal, "read")])
    assert tags == {"key-access-confidential": "write", "key-access-internal": "read"}
    assert key_access_tags([(confidential, "read"), (confidential, "write")]) == {"key-access-confidential": "write"}
