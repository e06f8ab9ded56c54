"""Which topic, rule or alarm a request is about, when policies are evaluated.

ministack 1.5.33 reads no subscription's topic, takes a rule of the default bus for one of a bus called so, looks for
rules under the name of another parameter and knows an alarm by one of three. A policy that names them refused what AWS
allows.

Source: Service authorization reference, "Amazon SNS" (a subscription has no ARN of its own there),
"Amazon EventBridge", "Amazon CloudWatch".
"""

import json
from typing import Any

SERVICES = frozenset({"sns", "events", "monitoring"})
_DEFAULT_BUS = "default"


def of(service: str, body: bytes, query: Any, place: str) -> str | None:
    """The ARN that a request is decided on; None for a request that the emulator knows.

    Args:
        service: as the emulator calls it.
        body: of the request.
        query: the parameters of a query protocol.
        place: `<region>:<account>`.
    """
    if service == "sns":
        return _of_sns(query)
    asked = _asked(body)
    if service == "events":
        return _of_events(asked, place)
    if service == "monitoring":
        return _of_alarms(asked, place)
    return None


def _of_sns(query: Any) -> str | None:
    subscription = _first(query, "SubscriptionArn")
    if subscription.count(":") == 6:
        return subscription.rpartition(":")[0]
    return _first(query, "ResourceArn") or None


def _of_events(asked: dict[str, Any], place: str) -> str | None:
    if asked.get("ResourceARN"):
        return str(asked["ResourceARN"])
    # `Name` is also what buses and other things are called, whose operations know no rule's parameters.
    rule = asked.get("Rule") or asked.get("Name")
    bus = str(asked.get("EventBusName") or _DEFAULT_BUS).rpartition("/")[2]
    if not rule or "Entries" in asked:
        return None
    of_bus = "" if bus == _DEFAULT_BUS else f"{bus}/"
    return f"arn:aws:events:{place}:rule/{of_bus}{rule}"


def _of_alarms(asked: dict[str, Any], place: str) -> str | None:
    if asked.get("ResourceARN"):
        return str(asked["ResourceARN"])
    name = asked.get("AlarmName") or next(iter(asked.get("AlarmNames") or ()), None)
    if name:
        return f"arn:aws:cloudwatch:{place}:alarm:{name}"
    return f"arn:aws:cloudwatch:{place}:alarm:*" if "AlarmTypes" in asked or "AlarmNamePrefix" in asked else None


def _asked(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _first(query: Any, name: str) -> str:
    value = (query or {}).get(name, "")
    return str(value[0] if isinstance(value, list) and value else value or "")
