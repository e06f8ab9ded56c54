"""Which resource a request is about that reads how something is set up, where the emulator takes it for one about `*`.

With `*` a policy that names databases, repositories, trails or log groups refuses what AWS allows: somebody who may
only look at an environment's own resources, as the pipeline's preview role, could look at nothing.

Source: Service authorization reference, "Amazon RDS", "Amazon Elastic Container Registry", "AWS Identity and Access
Management", "AWS CloudTrail", "Amazon CloudWatch Logs", "AWS Budget Service", "AWS CodeBuild"; the
ARN of DescribeLogGroups is that of AWS' refusals.
"""

import json
from typing import Any

_RDS = (
    ("DescribeDBInstances", "DBInstanceIdentifier", "db"),
    ("DescribeDBParameterGroups", "DBParameterGroupName", "pg"),
    ("DescribeDBParameters", "DBParameterGroupName", "pg"),
    ("DescribeDBSubnetGroups", "DBSubnetGroupName", "subgrp"),
)
"""Operation, the parameter that names the resource, its type in the ARN."""


def of(service: str, headers: Any, body: bytes, query: Any, place: str) -> str | None:
    """The ARN that a reading request is decided on; None for a request that the emulator knows.

    Args:
        service: as the emulator calls it.
        headers: of the request; they name the operation of a JSON protocol.
        body: of the request.
        query: the parameters of a query protocol.
        place: `<region>:<account>`.
    """
    if service == "rds":
        return _of_rds(query, place)
    if service == "iam":
        return first(query, "OpenIDConnectProviderArn") or None
    operation = str(headers.get("x-amz-target", "")).rpartition(".")[2]
    asked = fields(body)
    if service == "ecr" and operation == "DescribeRepositories":
        return f"arn:aws:ecr:{place}:repository/{next(iter(asked.get('repositoryNames') or ()), '*')}"
    if service == "ecr" and operation == "ListTagsForResource":
        return str(asked.get("resourceArn", "*"))
    if service == "cloudtrail" and operation == "ListTags":
        return str(next(iter(asked.get("ResourceIdList") or ()), "*"))
    if service == "budgets":
        return asked.get("ResourceARN") or f"arn:aws:budgets::{place.partition(':')[2]}:budget/{_budget(asked)}"
    if service == "codebuild" and operation == "BatchGetProjects":
        name = str(next(iter(asked.get("names") or ()), "*"))
        return name if name.startswith("arn:") else f"arn:aws:codebuild:{place}:project/{name}"
    if service == "logs" and operation == "DescribeLogGroups":
        return f"arn:aws:logs:{place}:log-group::log-stream:"
    return None


def _budget(asked: Any) -> str:
    described = asked.get("Budget") or asked.get("NewBudget") or {}
    return str(asked.get("BudgetName") or described.get("BudgetName") or "*")


def first(query: Any, name: str) -> str:
    """The first value of a parameter of a query; empty where there is none."""
    value = (query or {}).get(name, "")
    return str(value[0] if isinstance(value, list) and value else value or "")


def _of_rds(query: Any, place: str) -> str | None:
    operation = first(query, "Action")
    if operation == "ListTagsForResource":
        return first(query, "ResourceName") or None
    for name, parameter, kind in _RDS:
        if name == operation:
            return f"arn:aws:rds:{place}:{kind}:{first(query, parameter) or '*'}"
    return None


def fields(body: bytes) -> dict[str, Any]:
    """The members of a JSON body; none where it is no JSON object."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
