"""Data as people leave it behind: what keeps S3 from deleting a bucket."""

from typing import Any


def leave_objects(s3: Any, bucket: str) -> None:
    """Leave two versions of an object, and a version of another one under a delete marker."""
    for key, body in (("kept", b"first"), ("kept", b"second"), ("deleted", b"once")):
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    s3.delete_object(Bucket=bucket, Key="deleted")
    found = s3.list_object_versions(Bucket=bucket)
    assert [one["Key"] for one in found["Versions"]].count("kept") == 2, f"{bucket} keeps no versions"
    assert "deleted" in {one["Key"] for one in found["DeleteMarkers"]}
