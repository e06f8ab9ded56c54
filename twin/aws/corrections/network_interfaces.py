"""Network interfaces: what a right to make one has to be about. ministack 1.5.33 asks about the subnet alone.

Source: Service authorization reference, "Amazon EC2", CreateNetworkInterface: the interface, its subnet and its
security groups, each of which the caller must be allowed.
"""

from ministack.core.iam_evaluator import is_root_access_key

from twin.aws.corrections.authorisation import is_allowed
from twin.aws.corrections.engine import Correction, Exchange
from twin.aws.corrections.wire import AwsError

_ACTION = "ec2:CreateNetworkInterface"


async def _require_all(exchange: Exchange) -> None:
    if is_root_access_key(exchange.access_key):
        return
    emulator, asked = exchange.emulator, exchange.parameters
    about = ["network-interface/*", f"subnet/{asked['SubnetId']}"]
    about += [f"security-group/{group}" for group in asked.get("Groups") or ()]
    for part in about:
        arn = f"arn:aws:ec2:{emulator.region}:{emulator.account}:{part}"
        if not is_allowed(emulator, exchange.access_key, _ACTION, arn):
            message = f"You are not authorized to perform this operation. {_ACTION} on resource: {arn}"
            raise AwsError("UnauthorizedOperation", message, 403)


CORRECTIONS = (Correction("ec2", ("CreateNetworkInterface",), before=_require_all),)
