"""Buckets, images, backups."""

from collections.abc import Iterator
from typing import Final

from groundwork.cost.charges import ByType, Charge, Resource
from groundwork.cost.use import Use


def _bucket(resource: Resource, use: Use) -> Iterator[Charge]:
    yield Charge("s3.standard.gb_month", use.stored_gb.of(resource.name))
    yield Charge("s3.put.request", use.put_requests.of(resource.name))
    yield Charge("s3.get.request", use.get_requests.of(resource.name))


def _replication(resource: Resource, use: Use) -> Iterator[Charge]:
    """The way to the other region; what lies there is its own bucket's."""
    yield Charge("s3.replication.gb", use.replicated_gb.of(resource.name))


def _repository(resource: Resource, use: Use) -> Iterator[Charge]:
    yield Charge("ecr.gb_month", use.images_gb.of(resource.name))


def _vault(resource: Resource, use: Use) -> Iterator[Charge]:
    yield Charge("backup.s3.gb_month", use.backup_s3_gb.of(resource.name))
    yield Charge("backup.rds.gb_month", use.backup_rds_gb.of(resource.name))


CHARGES: Final[ByType] = {
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": _replication,
    "aws:ecr/repository:Repository": _repository,
    "aws:backup/vault:Vault": _vault,
}
