"""Decides when the Job runs again, and as what it runs; what it does is tried in tests/unit/images."""

from components.monitoring.search_setup import SearchSetup, SearchSetupArgs
from tests.support.recorder import REGION, Recorder, run_program

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/opensearch-setup@sha256:" + "0" * 64


def test_another_content_is_another_job(recorder: Recorder) -> None:
    def build(content: str) -> None:
        given = SearchSetupArgs(image=IMAGE, region=REGION, address="https://search", wanted=content)
        SearchSetup(f"setup-{len(content)}", given)

    def both() -> None:
        build("{}")
        build("{ }")

    run_program(both)
    jobs = recorder.of_type("kubernetes:batch/v1:Job")
    maps = {
        one.inputs["metadata"]["name"]: one.inputs["data"] for one in recorder.of_type("kubernetes:core/v1:ConfigMap")
    }
    assert len({one.inputs["metadata"]["name"] for one in jobs}) == 2
    for job in jobs:
        pod = job.inputs["spec"]["template"]["spec"]
        (volume,) = pod["volumes"]
        assert maps[volume["configMap"]["name"]].keys() == {"wanted.json"}
        assert pod["automountServiceAccountToken"] is False
