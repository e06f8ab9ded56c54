"""As `encryption`, for CST."""

from dataclasses import replace
from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import ABSENT, changed
from tests.policies.spec import Case, Spec, of_type

ROOT = R("pulumi:pulumi:Stack", {}, "stack")
MAIL = {"subscriberEmailAddresses": ["ml@example.com"]}
BUDGET = of_type(
    "budgets/budget:Budget",
    budgetType="COST",
    notifications=[{"notificationType": "ACTUAL", **MAIL}, {"notificationType": "FORECASTED", **MAIL}],
)
NODES = of_type("eks/nodeGroup:NodeGroup", instanceTypes=["m7g.large"], scalingConfig={"maxSize": 4})
GPU_NODES = NODES.with_props({**NODES.props, "instanceTypes": ["g5.xlarge"], "tags": {"gpu-approval": "board"}})
SPOT = of_type(
    "eks/nodeGroup:NodeGroup", labels={"workload": "training"}, scalingConfig={"maxSize": 4}, capacityType="SPOT"
)
VOLUME = of_type("ebs/volume:Volume", type="gp3")
JOB = of_type("sagemaker/trainingJob:TrainingJob", resourceConfig={"instanceType": "ml.m5.large", "instanceCount": 2})
VARIANT = {"instanceType": "ml.m5.large", "initialInstanceCount": 2}
CLASS = R(
    "kubernetes:storage.k8s.io/v1:StorageClass", {"provisioner": "ebs.csi.aws.com", "parameters": {"type": "gp3"}}
)
PRODUCTION = {"production": True}


def edited(item: R, path: str, value: Any) -> R:
    return item.with_props(changed(item.props, path, value))


def nat(name: str) -> R:
    return replace(of_type("ec2/natGateway:NatGateway"), name=name)


def endpoint(**variant: Any) -> R:
    return of_type("sagemaker/endpointConfiguration:EndpointConfiguration", productionVariants=[variant])


def template(**ebs: Any) -> R:
    return of_type("ec2/launchTemplate:LaunchTemplate", blockDeviceMappings=[{"ebs": ebs}])


TOPIC = "arn:aws:sns:eu-west-1:111122223333:costs"
SPECS: dict[str, Spec] = {
    "CST-01": Spec(
        good=(BUDGET, ROOT),
        leaf="notifications[0].notificationType",
        bad="FORECASTED",
        flips={f"notifications[{n}].subscriberEmailAddresses[0]": "" for n in (0, 1)},
        survives={
            f"unknown notifications[{n}].subscriberEmailAddresses[0]": "an address that is not known yet is somebody's"
            for n in (0, 1)
        },
        extra=(
            Case("no budget", (ROOT,), "deny"),
            Case("a budget of use", (edited(BUDGET, "budgetType", "USAGE"), ROOT), "deny"),
            Case(
                "a budget beside another",
                (edited(BUDGET, "budgetType", "USAGE"), replace(BUDGET, name="second"), ROOT),
                "pass",
            ),
            Case(
                "to a topic",
                (
                    edited(
                        edited(BUDGET, "notifications[1].subscriberEmailAddresses", []),
                        "notifications[1].subscriberSnsTopicArns",
                        [TOPIC],
                    ),
                    ROOT,
                ),
                "pass",
            ),
            Case(
                "to a topic that is not known yet",
                (
                    edited(
                        edited(BUDGET, "notifications[1].subscriberEmailAddresses", None),
                        "notifications[1].subscriberSnsTopicArns",
                        [UNKNOWN],
                    ),
                    ROOT,
                ),
                "pass",
            ),
            Case(
                "to topics that are not known yet",
                (
                    edited(
                        edited(BUDGET, "notifications[1].subscriberEmailAddresses", None),
                        "notifications[1].subscriberSnsTopicArns",
                        UNKNOWN,
                    ),
                    ROOT,
                ),
                "unknown",
            ),
            Case("to nobody", (edited(BUDGET, "notifications[1].subscriberEmailAddresses", []), ROOT), "deny"),
            Case("no notification", (edited(BUDGET, "notifications", []), ROOT), "deny"),
            Case(
                "two budgets, one kind each",
                (
                    edited(BUDGET, "notifications", [BUDGET.props["notifications"][0]]),
                    replace(edited(BUDGET, "notifications", [BUDGET.props["notifications"][1]]), name="second"),
                    ROOT,
                ),
                "pass",
            ),
            Case("kind of budget unknown", (edited(BUDGET, "budgetType", UNKNOWN), ROOT), "unknown"),
        ),
    ),
    "CST-02": Spec(
        good=(GPU_NODES,),
        leaf="instanceTypes[0]",
        bad="p5.48xlarge",
        flips={
            "instanceTypes[0]": "p5.48xlarge",
            "scalingConfig.maxSize": 99,
            'tags["gpu-approval"]': "",
            "tags.gpu-approval": "",
        },
        equivalent={"delete instanceTypes[0]": "EKS then takes t3.medium, which is allowed"},
        absent="pass",
        extra=(
            Case("no GPU, no approval", (NODES,), "pass"),
            Case("GPUs without approval", (edited(GPU_NODES, "tags", ABSENT),), "deny"),
            Case(
                "approval by default tags",
                (replace(edited(GPU_NODES, "tags", ABSENT), default_tags={"gpu-approval": "x"}),),
                "pass",
            ),
            Case("approval unknown", (edited(GPU_NODES, "tags", UNKNOWN),), "unknown"),
            Case("one type of two", (edited(NODES, "instanceTypes", ["m7g.large", "x2gd.large"]),), "deny"),
            Case(
                "types by a launch template",
                (edited(edited(NODES, "instanceTypes", None), "launchTemplate", {"id": "lt-1"}),),
                "deny",
            ),
            Case("no bound", (edited(NODES, "scalingConfig", {}),), "deny"),
            Case("bound unknown", (edited(NODES, "scalingConfig.maxSize", UNKNOWN),), "unknown"),
            Case("a truth for a bound", (edited(NODES, "scalingConfig.maxSize", True),), "deny"),
            Case("machine", (of_type("ec2/instance:Instance", instanceType="t3.small"),), "pass"),
            Case("machine without a type", (of_type("ec2/instance:Instance"),), "deny"),
            Case("machine of no type", (of_type("ec2/instance:Instance", instanceType="large"),), "deny"),
            Case("database", (of_type("rds/instance:Instance", instanceClass="db.m7g.large"),), "pass"),
            Case("large database", (of_type("rds/instance:Instance", instanceClass="db.x2g.large"),), "deny"),
            Case(
                "notebook with a GPU",
                (of_type("sagemaker/notebookInstance:NotebookInstance", instanceType="ml.g5.xlarge"),),
                "deny",
            ),
            Case("training", (JOB,), "pass"),
            Case("training on many", (edited(JOB, "resourceConfig.instanceCount", 50),), "deny"),
            Case(
                "training on groups",
                (
                    edited(
                        JOB,
                        "resourceConfig",
                        {"instanceGroups": [{"instanceType": "ml.p5.48xlarge", "instanceCount": 1}]},
                    ),
                ),
                "deny",
            ),
            Case("endpoint", (endpoint(**VARIANT),), "pass"),
            Case("endpoint on many", (endpoint(**VARIANT | {"initialInstanceCount": 50}),), "deny"),
            Case("endpoint on GPUs", (endpoint(**VARIANT | {"instanceType": "ml.inf2.xlarge"}),), "deny"),
            Case("serverless endpoint", (endpoint(serverlessConfig={"maxConcurrency": 5}),), "pass"),
            Case("other limits by the settings", (NODES,), "deny", {"instanceLimits": ["m7g:3"]}),
            Case("the wider of two limits", (NODES,), "pass", {"instanceLimits": ["m7g:3", "m*:9"]}),
            Case("other GPUs by the settings", (NODES,), "deny", {"gpuFamilies": ["m7g"]}),
            Case(
                "other tag by the settings", (edited(GPU_NODES, "tags", {"by": "x"}),), "pass", {"gpuApprovalTag": "by"}
            ),
        ),
    ),
    "CST-03": Spec(
        good=(VOLUME,),
        leaf="type",
        bad="gp2",
        flips={"type": "io1"},
        extra=(
            Case("io2", (edited(VOLUME, "type", "io2"),), "pass"),
            Case("template", (template(volumeType="gp3"),), "pass"),
            Case("template, gp2", (template(volumeType="gp2"),), "deny"),
            Case("template by default", (template(volumeSize=20),), "deny"),
            Case("template, unknown", (template(volumeType=UNKNOWN),), "unknown"),
            Case("template without volumes", (of_type("ec2/launchTemplate:LaunchTemplate"),), "pass"),
            Case(
                "template that takes a device away",
                (of_type("ec2/launchTemplate:LaunchTemplate", blockDeviceMappings=[{"noDevice": ""}]),),
                "pass",
            ),
            Case("class", (CLASS,), "pass"),
            Case("class, gp2", (edited(CLASS, "parameters.type", "gp2"),), "deny"),
            Case("class by default", (edited(CLASS, "parameters", {}),), "deny"),
            Case(
                "class of another kind of storage",
                (edited(edited(CLASS, "parameters", {}), "provisioner", "efs.csi.aws.com"),),
                "pass",
            ),
            Case(
                "class of unknown storage",
                (edited(edited(CLASS, "parameters", {}), "provisioner", UNKNOWN),),
                "unknown",
            ),
        ),
    ),
    "CST-04": Spec(
        good=(SPOT, nat("a")),
        leaf="scalingConfig.maxSize",
        bad=11,
        flips={"scalingConfig.maxSize": 11, "capacityType": "ON_DEMAND"},
        equivalent={
            "delete labels.workload": "a group without the label is not one for training",
            "flip labels.workload": "as above",
            "unknown labels.workload": "it is spot capacity in any case",
        },
        extra=(
            Case("two gateways", (SPOT, nat("a"), nat("b")), "deny"),
            Case("two gateways in production", (SPOT, nat("a"), nat("b")), "pass", PRODUCTION),
            Case(
                "large in production",
                (edited(edited(SPOT, "capacityType", None), "scalingConfig.maxSize", 99),),
                "pass",
                PRODUCTION,
            ),
            Case("training by default on demand", (edited(SPOT, "capacityType", ABSENT),), "deny"),
            Case("other nodes on demand", (edited(edited(SPOT, "capacityType", None), "labels", {}),), "pass"),
            Case(
                "on demand, labels unknown", (edited(edited(SPOT, "capacityType", None), "labels", UNKNOWN),), "unknown"
            ),
            Case("spot, labels unknown", (edited(SPOT, "labels", UNKNOWN),), "pass"),
            Case("more gateways by the settings", (nat("a"), nat("b")), "pass", {"natGateways": 2}),
            Case("smaller groups by the settings", (SPOT,), "deny", {"nodeGroupMaxSize": 3}),
            Case(
                "other labels by the settings",
                (edited(SPOT, "capacityType", None),),
                "pass",
                {"trainingNodeLabels": ["pool"]},
            ),
        ),
    ),
}
