"""ENC: encryption at rest and in transit, and the keys it needs."""

from policies.rule import Rule
from policies.rules.encryption import buckets, classes, clusters, databases, keys, services, stores, traffic, volumes

_TOPICS = (buckets, databases, keys, clusters, volumes, services, stores, traffic, classes)
RULES: tuple[Rule, ...] = tuple(sorted((rule for topic in _TOPICS for rule in topic.RULES), key=lambda rule: rule.id))
