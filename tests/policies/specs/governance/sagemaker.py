"""MLG-05 to MLG-07."""

from typing import Any

from tests.policies.harness import UNKNOWN, R
from tests.policies.mutate import changed
from tests.policies.spec import KEY, KEY_ARN, Case, Spec, depending, of_type

REGISTER = {"Name": "register", "Type": "RegisterModel", "Arguments": {"ModelApprovalStatus": "PendingManualApproval"}}
BY_PARAMETER = REGISTER | {"Arguments": {"ModelApprovalStatus": {"Get": "Parameters.Status"}}}
PIPELINE = of_type("sagemaker/pipeline:Pipeline", pipelineDefinition={"Version": "2020-12-01", "Steps": [REGISTER]})
NOTEBOOK = of_type(
    "sagemaker/notebookInstance:NotebookInstance",
    directInternetAccess="Disabled",
    rootAccess="Disabled",
    subnetId="subnet-1",
    kmsKeyId=KEY_ARN,
)
DOMAIN = of_type("sagemaker/domain:Domain", appNetworkAccessType="VpcOnly", kmsKeyId=KEY_ARN)
VPC = {"subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
MODEL = of_type("sagemaker/model:Model", enableNetworkIsolation=True, vpcConfig=VPC)
JOB = of_type(
    "sagemaker/trainingJob:TrainingJob",
    enableNetworkIsolation=True,
    vpcConfig=VPC,
    enableInterContainerTrafficEncryption=True,
    resourceConfig={"volumeKmsKeyId": KEY_ARN},
    outputDataConfig={"kmsKeyId": KEY_ARN},
)
SUBNET = R("aws:ec2/subnet:Subnet", {}, "subnet")
GROUP = R("aws:ec2/securityGroup:SecurityGroup", {}, "group")


def pipeline(*steps: Any, parameters: Any = None) -> tuple[R, ...]:
    definition = {"Steps": list(steps)} | ({"Parameters": parameters} if parameters is not None else {})
    return (PIPELINE.with_props({"pipelineDefinition": definition}),)


def status(default: Any) -> list[dict[str, Any]]:
    return [{"Name": "Other", "DefaultValue": "x"}, {"Name": "Status", "DefaultValue": default}]


def edited(item: R, path: str, value: Any) -> tuple[R, ...]:
    return (item.with_props(changed(item.props, path, value)),)


NO_NAME = "a step's name and the version of the language are no matter"
SPECS: dict[str, Spec] = {
    "MLG-05": Spec(
        good=(PIPELINE,),
        leaf="pipelineDefinition",
        bad={"Steps": [REGISTER | {"Arguments": {"ModelApprovalStatus": "Approved"}}]},
        equivalent={
            f"{mutation} pipelineDefinition.{path}": NO_NAME
            for mutation in ("delete", "flip")
            for path in ("Version", "Steps[0].Name")
        }
        | {"flip pipelineDefinition.Steps[0].Type": "a step of another kind registers nothing"},
        extra=(
            Case("no step registers", pipeline({"Name": "t", "Type": "Training"}), "pass"),
            Case("by default rejected", pipeline(REGISTER | {"Arguments": {}}), "deny"),
            Case("by a parameter", pipeline(BY_PARAMETER, parameters=status("PendingManualApproval")), "pass"),
            Case("by a parameter, approved", pipeline(BY_PARAMETER, parameters=status("Approved")), "deny"),
            Case("by a parameter that is not there", pipeline(BY_PARAMETER), "deny"),
            Case("by a parameter without default", pipeline(BY_PARAMETER, parameters=[{"Name": "Status"}]), "deny"),
            Case(
                "in a branch",
                pipeline({"Type": "Condition", "Arguments": {"IfSteps": [REGISTER], "ElseSteps": []}}),
                "pass",
            ),
            Case(
                "in a branch, approved",
                pipeline(
                    {
                        "Type": "Condition",
                        "Arguments": {
                            "ElseSteps": [
                                {
                                    "Type": "Condition",
                                    "Arguments": {
                                        "IfSteps": [REGISTER | {"Arguments": {"ModelApprovalStatus": "Approved"}}]
                                    },
                                }
                            ]
                        },
                    }
                ),
                "deny",
            ),
            Case(
                "one of two", pipeline(REGISTER, REGISTER | {"Arguments": {"ModelApprovalStatus": "Approved"}}), "deny"
            ),
            Case(
                "definition in S3",
                (of_type("sagemaker/pipeline:Pipeline", pipelineDefinitionS3Location={"bucket": "b"}),),
                "deny",
            ),
            Case("not JSON", (of_type("sagemaker/pipeline:Pipeline", pipelineDefinition="{"),), "deny"),
            Case("no steps", (of_type("sagemaker/pipeline:Pipeline", pipelineDefinition="{}"),), "deny"),
            Case("a step that is none", pipeline("text"), "deny"),
            Case("status unknown", pipeline(REGISTER | {"Arguments": {"ModelApprovalStatus": UNKNOWN}}), "unknown"),
            Case("kind of a step unknown", pipeline(REGISTER | {"Type": UNKNOWN}), "unknown"),
        ),
    ),
    "MLG-06": Spec(
        good=(NOTEBOOK,),
        leaf="directInternetAccess",
        bad="Enabled",
        flips={"kmsKeyId": "alias/aws/sagemaker", "subnetId": ""},
        extra=(
            Case("domain", (DOMAIN,), "pass"),
            Case("domain on the internet", edited(DOMAIN, "appNetworkAccessType", "PublicInternetOnly"), "deny"),
            Case("domain by default", (of_type("sagemaker/domain:Domain", kmsKeyId=KEY_ARN),), "deny"),
            Case("domain without a key", (of_type("sagemaker/domain:Domain", appNetworkAccessType="VpcOnly"),), "deny"),
            Case("domain, access unknown", edited(DOMAIN, "appNetworkAccessType", UNKNOWN), "unknown"),
            Case("root", edited(NOTEBOOK, "rootAccess", "Enabled"), "deny"),
            Case("a truth instead of Disabled", edited(NOTEBOOK, "rootAccess", False), "deny"),
            Case(
                "key unknown, of this stack",
                (depending(kmsKeyId=KEY)(edited(NOTEBOOK, "kmsKeyId", UNKNOWN)[0]),),
                "pass",
            ),
            Case("subnet unknown", edited(NOTEBOOK, "subnetId", UNKNOWN), "unknown"),
            Case(
                "subnet unknown, of this stack",
                (depending(subnetId=SUBNET)(edited(NOTEBOOK, "subnetId", UNKNOWN)[0]),),
                "pass",
            ),
            Case(
                "subnet unknown, of a key",
                (depending(subnetId=KEY)(edited(NOTEBOOK, "subnetId", UNKNOWN)[0]),),
                "unknown",
            ),
        ),
    ),
    "MLG-07": Spec(
        good=(JOB,),
        leaf="enableNetworkIsolation",
        bad=False,
        flips={
            "vpcConfig.subnets[0]": "",
            "vpcConfig.securityGroupIds[0]": "",
            "resourceConfig.volumeKmsKeyId": "alias/aws/ebs",
            "outputDataConfig.kmsKeyId": "",
        },
        extra=(
            Case("model", (MODEL,), "pass"),
            Case("model on the network", edited(MODEL, "enableNetworkIsolation", False), "deny"),
            Case("model outside the VPC", (of_type("sagemaker/model:Model", enableNetworkIsolation=True),), "deny"),
            Case("model without groups", edited(MODEL, "vpcConfig.securityGroupIds", []), "deny"),
            Case("VPC unknown", edited(MODEL, "vpcConfig", UNKNOWN), "unknown"),
            Case(
                "ids unknown, of this stack",
                (
                    R(
                        "aws:sagemaker/model:Model",
                        {**MODEL.props, "vpcConfig": {"subnets": [UNKNOWN], "securityGroupIds": [UNKNOWN]}},
                        depends={"vpcConfig": (SUBNET, GROUP)},
                    ),
                ),
                "pass",
            ),
            Case("ids unknown", edited(MODEL, "vpcConfig.subnets", [UNKNOWN]), "unknown"),
            Case("job without keys", edited(JOB, "resourceConfig", {}), "deny"),
            Case("job, traffic in the clear", edited(JOB, "enableInterContainerTrafficEncryption", False), "deny"),
            Case(
                "job, key unknown, of this stack",
                (depending(outputDataConfig=KEY)(edited(JOB, "outputDataConfig.kmsKeyId", UNKNOWN)[0]),),
                "pass",
            ),
            Case(
                "job, output unknown, of a key",
                (depending(outputDataConfig=KEY)(edited(JOB, "outputDataConfig", UNKNOWN)[0]),),
                "unknown",
            ),
        ),
    ),
}
