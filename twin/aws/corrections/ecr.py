"""ECR: exclusion filters of tag immutability, which ministack 1.5.33 takes and forgets.

Source: Amazon ECR API reference: CreateRepository, PutImageTagMutability, DescribeRepositories.
"""

from twin.aws.corrections.remembered import Fields, Remembered, given
from twin.aws.corrections.wire import Parameters


def _filters(parameters: Parameters) -> Fields:
    return given(parameters, "imageTagMutabilityExclusionFilters")


REPOSITORIES = Remembered(
    service="ecr",
    kind="ecr-repository",
    id_field="repositoryName",
    create="CreateRepository",
    created_ids="repository.repositoryName",
    fields=_filters,
    modify={"PutImageTagMutability": ("repositoryName", lambda _, parameters: _filters(parameters))},
    shown={
        "CreateRepository": "repository",
        "DescribeRepositories": "repositories[]",
        "PutImageTagMutability": "@",
    },
    delete={"DeleteRepository": "repositoryName"},
)

CORRECTIONS = REPOSITORIES.corrections()
