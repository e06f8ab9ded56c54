"""A defect that others met live (shared/anchors.md 4.1): what people left in a store keeps `destroy` from its end."""

from typing import Any

import grpc
import pytest

from tests.contracts.providers.aws.driver import Driver, Resource
from tests.contracts.providers.aws.examples import World
from tests.support.container_images import push_image
from tests.support.left_data import leave_objects

BUCKET, REPOSITORY = "aws:s3/bucket:Bucket", "aws:ecr/repository:Repository"


def bucket(driver: Driver, world: World, **inputs: Any) -> Resource:
    """A bucket that keeps versions, with data of people."""
    made = driver.create(BUCKET, world.name("it"), {"bucket": world.name("left"), **inputs})
    s3 = world.client("s3")
    s3.put_bucket_versioning(Bucket=made.id, VersioningConfiguration={"Status": "Enabled"})
    if inputs.get("objectLockEnabled"):
        retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}
        lock = {"ObjectLockEnabled": "Enabled", "Rule": retention}
        s3.put_object_lock_configuration(Bucket=made.id, ObjectLockConfiguration=lock)
    leave_objects(s3, made.id)
    return made


@pytest.mark.parametrize("lock", [False, True], ids=["versions", "locked-versions"])
def test_mp_group_7_versions_and_delete_markers_block_no_destroy(driver: Driver, world: World, lock: bool) -> None:
    made = bucket(driver, world, forceDestroy=True, objectLockEnabled=lock)
    driver.delete(made)
    assert driver.read(made) is None


def test_mp_group_7_an_image_blocks_no_destroy(driver: Driver, world: World) -> None:
    made = driver.create(REPOSITORY, world.name("it"), {"name": world.name("left"), "forceDelete": True})
    push_image(world, made.id)
    driver.delete(made)
    assert driver.read(made) is None


def test_mp_group_7_is_found_where_a_store_may_not_be_emptied(driver: Driver, world: World) -> None:
    """The emulator refuses as AWS does, else the tests above would say nothing; what may be emptied is said before."""
    full = bucket(driver, world)
    with pytest.raises(grpc.RpcError, match="BucketNotEmpty"):
        driver.delete(full)
    driver.update(full, full.inputs | {"forceDestroy": True})
    driver.delete(full)
    repository = driver.create(REPOSITORY, world.name("it"), {"name": world.name("left")})
    push_image(world, repository.id)
    with pytest.raises(grpc.RpcError, match="RepositoryNotEmpty"):
        driver.delete(repository)
    driver.update(repository, repository.inputs | {"forceDelete": True})
    driver.delete(repository)
    assert driver.read(full) is None
    assert driver.read(repository) is None
