"""Reasons about logs, networks, clusters and what runs in them."""

from typing import Final

from tests.policies.platform.conditions import (
    is_about_some_pods,
    opens_something,
    says_what_the_api_is_used_for,
    was_for_priorities,
)
from tests.policies.platform.uncovered import EQUIVALENT as _E
from tests.policies.platform.uncovered import OUTSIDE as _O
from tests.policies.platform.uncovered import READING as _R
from tests.policies.platform.uncovered import Uncovered

_IMAGES: Final = "POD-10 is about pods; AWS' own images of builds have no digest to be chosen by, ours are by digest"

OTHERS: Final = (
    Uncovered("log narrowed", "cloudtrail/trail:Trail", "advancedEventSelectors[0]", _O,
              "LOG-01 and LOG-02 read flags and data events; management events by selector are no rule's matter"),
    Uncovered("switch removed", "cloudtrail/trail:Trail", "*", _E,
              "true by default", lambda m: m.path in ('enableLogging', 'includeGlobalServiceEvents')),
    Uncovered("log narrowed", "ec2/flowLog:FlowLog", "trafficType", _R, "LOG-04 takes ALL or REJECT"),
    Uncovered("retention cut", "cloudwatch/logGroup:LogGroup", "retentionInDays", _R,
              "LOG-06 asks of a group that is neither audit nor AI that retention is set",
              lambda m: 'audit' not in m.before.urn),
    Uncovered("protection off", "cloudwatch/logGroup:LogGroup", "opts.protect", _O,
              "RES-08's list of stateful types has no log groups"),
    Uncovered("nobody told", "budgets/budget:Budget", "*", _R,
              "CST-01 asks for one ACTUAL and one FORECASTED; others of the kind are left",
              lambda m: '[3]' not in m.path),
    Uncovered("every protocol", "vpc/securityGroupIngressRule:SecurityGroupIngressRule", "ipProtocol", _O,
              "NET-01 is about the world, NET-02 about egress"),
    Uncovered("every protocol", "ec2/securityGroup:SecurityGroup", "egress", _R,
              "NET-02 is about groups of confidential data and above; this one is of runners, internal",
              lambda m: 'runners-' in m.before.urn),
    Uncovered("*", "codebuild/project:Project", "environment.image", _O, _IMAGES),
    Uncovered("switch*", "ec2/vpcEndpoint:VpcEndpoint", "privateDnsEnabled", _O,
              "NET-07 asks that the endpoint is there"),
    Uncovered("switch*", "eks/cluster:Cluster", "deletionProtection", _O,
              "RES-04 is about databases; RES-08 holds the protect option"),
    Uncovered("support dropped", "eks/cluster:Cluster", "*", _O, "RES-09 reads the version"),
    Uncovered("part removed", "eks/nodeGroup:NodeGroup", "launchTemplate", _O,
              "ACC-22 and ENC-11 read launch templates; a group without one is not theirs"),
    Uncovered("guard removed", "admissionregistration.k8s.io/*", "", _O,
              "the rules judge the program; admission in the cluster is beside them"),
    Uncovered("guard removed", "core/v1:LimitRange", "", _O,
              "POD-10 asks limits of every container, so no default is needed"),
    Uncovered("part removed", "core/v1:LimitRange", "spec.limits", _O,
              "POD-10 asks limits of every container, so no default is needed"),
    Uncovered("guard removed", "core/v1:ResourceQuota", "", _O,
              "MLG-12 is about GPUs", was_for_priorities),
    Uncovered("part removed", "core/v1:ResourceQuota", "spec.hard", _O,
              "MLG-12 is about GPUs", was_for_priorities),
    Uncovered("quota lifted", "core/v1:ResourceQuota", "*", _O, "MLG-12 is about GPUs", lambda m: 'gpu' not in m.path),
    Uncovered("guard removed", "networking.k8s.io/v1:NetworkPolicy", "", _E,
              "it opens something: without it the namespace is closed", opens_something),
    Uncovered("open to all", "networking.k8s.io/v1:NetworkPolicy", "spec.ingress", _O,
              "NET-10 is about policies of every pod of a namespace", is_about_some_pods),
    Uncovered("part removed", "networking.k8s.io/v1:NetworkPolicy", "spec.podSelector", _E,
              "absent or empty, it is about every pod"),
    Uncovered("part removed", "networking.k8s.io/v1:NetworkPolicy", "spec.policyTypes", _E,
              "what it is about follows from its rules; what is open stays as it was", opens_something),
    Uncovered("guard removed", "policy/v1:PodDisruptionBudget", "", _R, "RES-10 asks it of what serves"),
    Uncovered("redundancy cut", "apps/v1:Deployment", "spec.replicas", _R, "RES-10 asks it of what serves"),
    Uncovered("redundancy cut", "apps/v1:StatefulSet", "spec.replicas", _R, "RES-10 asks it of what serves"),
    Uncovered("switched on", "apps/v1:*", "spec.template.spec.automountServiceAccountToken", _R,
              "ACC-28 accepts a token where it is said what the API is used for", says_what_the_api_is_used_for),
    Uncovered("root on", "apps/v1:DaemonSet", "*", _E,
              "the device plugin is root already, as the list of node agents allows"),
)  # fmt: skip
