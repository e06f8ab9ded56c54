"""Tells the controllers of clusters that something may have changed in AWS, so that they need not ask all the time."""

from dataclasses import dataclass

from twin.aws.corrections.authorisation import account_of
from twin.aws.corrections.emulator import Application, Message, Receive, Send
from twin.aws.corrections.engine import request_head
from twin.kubernetes.fleet import ClusterFleet

SERVICES = frozenset({"eks", "autoscaling"})
"""Where nodes, add-ons and associations come from. What else changes is seen in the controllers' next round."""


@dataclass(frozen=True)
class ClusterSignals:
    """ASGI application: the one that it wraps. After what may have changed something it touches clusters."""

    application: Application
    fleet: ClusterFleet

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection's event of the ASGI protocol."""
        begin = b""

        async def listening() -> Message:
            nonlocal begin
            message = await receive()
            begin = begin or message.get("body", b"")
            return message

        await self.application(scope, listening, send)
        if scope["type"] != "http" or scope["method"] == "GET":
            return
        head = request_head(scope)
        # Auto Scaling is asked by POST too, by the controllers themselves once a second.
        if head.signing_name in SERVICES and b"Action=Describe" not in begin:
            self.fleet.touch_all(f"{account_of(head.access_key)}-{head.region}-")
