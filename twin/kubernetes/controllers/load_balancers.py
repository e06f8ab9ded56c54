"""Services of type LoadBalancer: each becomes a load balancer of the account, and takes it along when it goes.

As the controller that is part of EKS does, with the role of the cluster: what that role may not do shows as an event.
Health checks of targets, TLS annotations, cross-zone balancing and the like are not here; packets are nowhere.

Source: Kubernetes service controller (finalizer, order, events); kubernetes/cloud-provider-aws (resources, tags).
"""

import time
from typing import Any

from botocore.exceptions import ClientError

from twin.account import Account
from twin.kubernetes import service_roles
from twin.kubernetes.client import ApiError
from twin.kubernetes.controllers import elastic_load_balancing as elb
from twin.kubernetes.controllers import events
from twin.kubernetes.controllers.addon_manifests import Manifest
from twin.kubernetes.controllers.backoff import Backoff
from twin.kubernetes.controllers.loop import World
from twin.kubernetes.nodes import instance_id

_SOURCE = "service-controller"
_KEPT_SECONDS = 600.0
"""How long credentials are used before new ones are asked for."""


class LoadBalancers:
    """The controller."""

    name = "load_balancers"

    def __init__(self) -> None:
        self._backoff = Backoff()
        self._account: tuple[float, Account] | None = None
        self._made: dict[str, tuple[Any, ...]] = {}
        """Uid of a Service -> what its load balancer was last brought to, so that AWS is asked only after a change."""

    def reconcile(self, world: World) -> None:
        """Make one step for each Service that has a load balancer or is to have one."""
        services = world.api.list("v1", "Service")
        concerned = [each for each in services if elb.is_ours(each) or _has_finalizer(each)]
        self._made = {uid: made for uid, made in self._made.items() if uid in {_uid(each) for each in concerned}}
        if not concerned:
            return
        instances = sorted(filter(None, (instance_id(node) for node in world.api.list("v1", "Node"))))
        for service in concerned:
            if not self._backoff.may_try(_uid(service)):
                continue
            gone = service["metadata"].get("deletionTimestamp") or not elb.is_ours(service)
            try:
                if gone:
                    self._remove(world, service)
                else:
                    self._ensure(world, service, instances)
            except (ClientError, elb.NoSubnetError, service_roles.UntrustedError) as error:
                self._account = None
                self._backoff.failed(_uid(service))
                doing = "delete" if gone else "ensure"
                said = f"Error syncing load balancer: failed to {doing} load balancer: {error}"
                events.record(world.api, service, "SyncLoadBalancerFailed", said, source=_SOURCE, warning=True)
            except ApiError as error:
                if error.reason not in ("Conflict", "NotFound"):  # it has changed or gone meanwhile: next round
                    raise
            else:
                self._backoff.succeeded(_uid(service))

    def _client(self, world: World, service: str) -> Any:
        """A client of AWS with the role of the cluster."""
        if self._account is None or self._account[0] < time.monotonic():
            cluster = world.aws.client("eks").describe_cluster(name=world.cluster)["cluster"]
            role = service_roles.assumed(
                world.aws, cluster["roleArn"], "eks.amazonaws.com", f"aws-go-sdk-{world.cluster}", cluster["arn"]
            )
            self._account = (time.monotonic() + _KEPT_SECONDS, role)
        return self._account[1].client(service)

    # --- a Service that is to have one ---

    def _ensure(self, world: World, service: Manifest, instances: list[str]) -> None:
        wanted = (service["metadata"].get("annotations", {}), service["spec"], instances)
        if self._made.get(_uid(service)) == wanted:
            return
        if not _has_finalizer(service):
            held = service["metadata"].get("finalizers", [])
            _set_finalizers(world, service, [*held, elb.FINALIZER])
            events.record(world.api, service, "EnsuringLoadBalancer", "Ensuring load balancer", source=_SOURCE)
        balancer = self._load_balancer(world, service)
        if balancer is None:
            balancer = self._create(world, service)
        self._listen(world, service, balancer, instances)
        status = {"status": {"loadBalancer": {"ingress": [{"hostname": balancer["DNSName"]}]}}}
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        world.api.patch("v1", "Service", name, namespace, status, subresource="status")
        if not service.get("status", {}).get("loadBalancer", {}).get("ingress"):
            events.record(world.api, service, "EnsuredLoadBalancer", "Ensured load balancer", source=_SOURCE)
        self._made[_uid(service)] = wanted

    def _load_balancer(self, world: World, service: Manifest) -> dict[str, Any] | None:
        client = self._client(world, "elbv2")
        try:
            found = client.describe_load_balancers(Names=[elb.load_balancer_name(service)])["LoadBalancers"]
        except client.exceptions.LoadBalancerNotFoundException:
            return None
        return dict(found[0]) if found else None

    def _create(self, world: World, service: Manifest) -> dict[str, Any]:
        ec2 = self._client(world, "ec2")
        vpc_id = self._vpc(world)
        candidates = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["Subnets"]
        chosen = elb.subnets(service, world.cluster, candidates, _public(ec2, vpc_id, candidates))
        groups = {} if elb.is_network(service) else {"SecurityGroups": [self._security_group(world, service, vpc_id)]}
        made = self._client(world, "elbv2").create_load_balancer(
            Name=elb.load_balancer_name(service),
            Type="network",
            Scheme="internal" if elb.is_internal(service) else "internet-facing",
            Subnets=chosen,
            Tags=elb.tags(service, world.cluster),
            **groups,
        )
        return dict(made["LoadBalancers"][0])

    def _vpc(self, world: World) -> str:
        shown = world.aws.client("eks").describe_cluster(name=world.cluster)["cluster"]["resourcesVpcConfig"]
        found = self._client(world, "ec2").describe_subnets(SubnetIds=shown["subnetIds"][:1])["Subnets"]
        return str(found[0]["VpcId"])

    def _security_group(self, world: World, service: Manifest, vpc_id: str) -> str:
        """The group of the load balancer, with what the Service lets in."""
        ec2 = self._client(world, "ec2")
        found = _groups(ec2, elb.group_name(service))
        if found:
            return str(found[0]["GroupId"])
        name = f"{service['metadata']['namespace']}/{service['metadata']['name']}"
        group: str = ec2.create_security_group(
            GroupName=elb.group_name(service),
            Description=f"Security group for Kubernetes ELB {elb.load_balancer_name(service)} ({name})",
            VpcId=vpc_id,
        )["GroupId"]
        ec2.create_tags(Resources=[group], Tags=elb.tags(service, world.cluster))
        ranges = service["spec"].get("loadBalancerSourceRanges") or ["0.0.0.0/0"]
        rules = [
            {
                "IpProtocol": port.get("protocol", "TCP").lower(),
                "FromPort": port["port"],
                "ToPort": port["port"],
                "IpRanges": [{"CidrIp": each} for each in ranges],
            }
            for port in service["spec"]["ports"]
        ]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
        return group

    def _listen(self, world: World, service: Manifest, balancer: dict[str, Any], instances: list[str]) -> None:
        """A listener and a target group for each port; those of ports that are gone go."""
        client = self._client(world, "elbv2")
        arn = balancer["LoadBalancerArn"]
        ports = {port["port"]: port for port in service["spec"]["ports"]}
        listening = {each["Port"]: each for each in client.describe_listeners(LoadBalancerArn=arn)["Listeners"]}
        for number, listener in listening.items():
            if number not in ports:
                client.delete_listener(ListenerArn=listener["ListenerArn"])
                client.delete_target_group(TargetGroupArn=listener["DefaultActions"][0]["TargetGroupArn"])
        for number, port in ports.items():
            protocol = port.get("protocol", "TCP")
            if number in listening:
                target = listening[number]["DefaultActions"][0]["TargetGroupArn"]
            else:
                made = client.create_target_group(
                    Name=elb.target_group_name(service, port),
                    Protocol=protocol,
                    Port=port["nodePort"],
                    VpcId=self._vpc(world),
                    TargetType="instance",
                    Tags=elb.tags(service, world.cluster),
                )
                target = made["TargetGroups"][0]["TargetGroupArn"]
                action = {"Type": "forward", "TargetGroupArn": target}
                client.create_listener(LoadBalancerArn=arn, Protocol=protocol, Port=number, DefaultActions=[action])
            _register(client, target, instances)

    # --- a Service that is to have none any more ---

    def _remove(self, world: World, service: Manifest) -> None:
        if not _has_finalizer(service):
            return
        events.record(world.api, service, "DeletingLoadBalancer", "Deleting load balancer", source=_SOURCE)
        client = self._client(world, "elbv2")
        balancer = self._load_balancer(world, service)
        if balancer is not None:
            arn = balancer["LoadBalancerArn"]
            for listener in client.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
                client.delete_listener(ListenerArn=listener["ListenerArn"])
                client.delete_target_group(TargetGroupArn=listener["DefaultActions"][0]["TargetGroupArn"])
            client.delete_load_balancer(LoadBalancerArn=arn)
        ec2 = self._client(world, "ec2")
        for group in _groups(ec2, elb.group_name(service)):
            ec2.delete_security_group(GroupId=group["GroupId"])
        if not service["metadata"].get("deletionTimestamp"):
            name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
            world.api.patch("v1", "Service", name, namespace, {"status": {"loadBalancer": None}}, subresource="status")
        events.record(world.api, service, "DeletedLoadBalancer", "Deleted load balancer", source=_SOURCE)
        held = service["metadata"].get("finalizers", [])
        _set_finalizers(world, service, [each for each in held if each != elb.FINALIZER])


def _uid(service: Manifest) -> str:
    return str(service["metadata"]["uid"])


def _has_finalizer(service: Manifest) -> bool:
    return elb.FINALIZER in service["metadata"].get("finalizers", ())


def _set_finalizers(world: World, service: Manifest, finalizers: list[str]) -> None:
    metadata = service["metadata"]
    world.api.patch("v1", "Service", metadata["name"], metadata["namespace"], {"metadata": {"finalizers": finalizers}})


def _groups(ec2: Any, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])[
        "SecurityGroups"
    ]
    return found


def _public(ec2: Any, vpc_id: str, candidates: list[dict[str, Any]]) -> frozenset[str]:
    """The subnets whose routes lead to an internet gateway."""
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["RouteTables"]
    own = {each["SubnetId"]: table for table in tables for each in table["Associations"] if each.get("SubnetId")}
    mains = [table for table in tables for each in table["Associations"] if each.get("Main")]
    return frozenset(
        subnet["SubnetId"]
        for subnet in candidates
        for table in ([own[subnet["SubnetId"]]] if subnet["SubnetId"] in own else mains)
        for route in table["Routes"]
        if str(route.get("GatewayId", "")).startswith("igw-")
    )


def _register(client: Any, target: str, instances: list[str]) -> None:
    """Make the instances of the nodes the targets, and no others."""
    health = client.describe_target_health(TargetGroupArn=target)["TargetHealthDescriptions"]
    held = {each["Target"]["Id"] for each in health}
    if gone := sorted(held - set(instances)):
        client.deregister_targets(TargetGroupArn=target, Targets=[{"Id": each} for each in gone])
    if new := sorted(set(instances) - held):
        client.register_targets(TargetGroupArn=target, Targets=[{"Id": each} for each in new])
