"""Sessions of STS in the course of time."""

import pytest
from botocore.exceptions import ClientError

from tests.twin.corrections.server import Twin, allow


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_session_outlives_the_emulator(twin: Twin, end: str) -> None:
    held = twin.role(f"outlives-{end}", allow("*", "iam:ListRoles"))
    before = twin.client("sts", held).get_caller_identity()["Arn"]
    twin.wait_until_kept()
    getattr(twin, end)()
    twin.start()
    assert twin.client("sts", held).get_caller_identity()["Arn"] == before
    assert twin.client("iam", held).list_roles()["Roles"]
    with pytest.raises(ClientError, match="AccessDenied"):
        twin.client("iam", held).list_users()
    with pytest.raises(ClientError):
        twin.client("sts", held | {"SessionToken": "another"}).get_caller_identity()
