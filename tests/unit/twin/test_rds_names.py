"""Folders of DB instances tell their instance."""

import pytest

from twin.aws.corrections.rds_names import InstanceName


@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-east-1", "ap-southeast-2", "us-east-1"])
@pytest.mark.parametrize("identifier", ["registry", "groundwork-dev-registry", "a-1-b", "eu-west-1-copy"])
def test_a_folder_tells_account_region_and_identifier(region: str, identifier: str) -> None:
    name = InstanceName("111122223333", region, identifier)
    assert InstanceName.of(str(name)) == name


@pytest.mark.parametrize("folder", ["snapshots", "registry", "111122223333-registry"])
def test_another_folder_is_refused(folder: str) -> None:
    with pytest.raises(ValueError, match="no folder of a DB instance"):
        InstanceName.of(folder)
