"""The configuration of Fluent Bit: which files it reads, what it does to a line, and where the line goes.

In this order: lines that the container runtime has split are joined as they are read, stack traces become one record,
the API server says whose pod it was, and a program in Lua (`redact.lua`) takes secrets out and names the log group.
What CloudWatch does not take waits on the node's disk up to a bound; then the oldest goes.

Units:  sizes are MiB in settings; seconds and bytes are Fluent Bit's own.
Source: Fluent Bit manual, "Tail", "Multiline Stacktrace", "Kubernetes", "Lua", "Amazon CloudWatch" (templates of record
accessors; the plain names are for records that a template does not fit), "OpenSearch" (the same of its prefix), and
its program in plugins/out_opensearch (os_conf.c: `aws_auth` is on by the word On alone; opensearch.c: a batch whose
answer does not fit the buffer is sent for ever once a line of it was refused, and an id is the hash of a line with its
time); "Buffering and storage", "Monitoring".
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from components.monitoring.data_files import DATA
from components.monitoring.log_classes import log_group_name
from components.monitoring.search_objects import PLATFORM, PREFIX, SEPARATOR, index_prefix
from components.tags import LogClass

TAG: Final = "kube"
FILES: Final = "/var/log/containers/*.log"
STATE: Final = "/var/lib/fluent-bit"
FOLDER: Final = "/fluent-bit/etc/groundwork"
CONFIGURATION: Final = "fluent-bit.yaml"
PROGRAM: Final = "redact.lua"
PORT: Final = 2020
METRICS_PATH: Final = "/api/v2/metrics/prometheus"
HEALTH_PATH: Final = "/api/v1/health"
SEARCH_HOST: Final = "OPENSEARCH_HOST"
"""The variable with the search domain's host, which AWS names."""
INDEX_FIELD: Final = "search_index"
"""Where the program says in which indices a line is."""
LANGUAGES: Final = ("python", "java", "go")
"""Whose stack traces are joined, by the parsers that Fluent Bit brings."""


def configuration(
    *,
    environment: str,
    region: str,
    default_class: LogClass,
    memory_mib: int,
    buffer_mib: int,
    search_buffer_mib: int | None = None,
) -> str:
    """Return the configuration. JSON is YAML, and always the same text.

    `search_buffer_mib`: what may wait for a search domain; absent, there is none.
    """
    outputs = [_cloudwatch(environment, region, default_class, buffer_mib)]
    if search_buffer_mib is not None:
        outputs.append(_search(region, default_class, search_buffer_mib))
    found = {
        "service": {
            "flush": 5,
            "grace": 30,
            "log_level": "warn",
            "http_server": True,
            "http_port": PORT,
            "health_check": True,
            "storage.path": f"{STATE}/storage",
            "storage.sync": "normal",
            "storage.checksum": True,
            "storage.max_chunks_up": max(8, memory_mib // 4),  # a chunk is about 2 MB
            "storage.backlog.mem_limit": f"{max(8, memory_mib // 8)}M",
            "storage.metrics": True,
        },
        "pipeline": {
            "inputs": [_files()],
            "filters": [_stack_traces(), _metadata(), _program()],
            "outputs": outputs,
        },
    }
    return json.dumps(found, indent=2)


def program(classes: Sequence[LogClass], default_class: LogClass, *, searched: bool = False) -> str:
    """Return the Lua program with the words that it is told; `searched`: each line is told its index too."""
    named = ", ".join(f'["{one}"] = true' for one in sorted(classes))
    told = [f"CLASSES = {{ {named} }}", f'DEFAULT_CLASS = "{default_class}"']
    if searched:
        told.append(f'INDEX = {{ prefix = "{PREFIX}", separator = "{SEPARATOR}", no_team = "{PLATFORM}" }}')
    return "\n".join((*told, "", (DATA / PROGRAM).read_text("utf-8")))


def _files() -> dict[str, Any]:
    return {
        "name": "tail",
        "tag": f"{TAG}.*",
        "path": FILES,
        "exclude_path": "/var/log/containers/fluent-bit-*.log",  # or each line that fails would make another
        "multiline.parser": "docker, cri",
        "read_from_head": True,  # a pod that is seen late has said something already
        "skip_long_lines": True,
        "buffer_max_size": "1M",
        "refresh_interval": 10,
        "rotate_wait": 30,
        "db": f"{STATE}/tail.db",
        "db.locking": True,
        "storage.type": "filesystem",
        "storage.pause_on_chunks_overlimit": True,
    }


def _stack_traces() -> dict[str, Any]:
    """First, since it gives what it has joined back to the beginning of the pipeline."""
    return {
        "name": "multiline",
        "match": f"{TAG}.*",
        "multiline.key_content": "log",
        "multiline.parser": ", ".join(LANGUAGES),
        "flush_ms": 2000,
        "emitter_mem_buf_limit": "8M",
    }


def _metadata() -> dict[str, Any]:
    """No pod may ask to be left out or to be parsed otherwise: what it says is not its own choice."""
    return {
        "name": "kubernetes",
        "match": f"{TAG}.*",
        "kube_tag_prefix": f"{TAG}.var.log.containers.",
        "merge_log": False,
        "keep_log": True,
        "labels": True,
        "annotations": False,
        "namespace_labels": True,
        "namespace_annotations": False,
        "k8s-logging.parser": False,
        "k8s-logging.exclude": False,
        "buffer_size": "512k",
        "kube_meta_cache_ttl": "300s",
        "kube_meta_namespace_cache_ttl": "300s",
    }


def _program() -> dict[str, Any]:
    return {
        "name": "lua",
        "match": f"{TAG}.*",
        "script": f"{FOLDER}/{PROGRAM}",
        "call": "process",
        "protected_mode": True,
    }


def _cloudwatch(environment: str, region: str, default_class: LogClass, buffer_mib: int) -> dict[str, Any]:
    group = log_group_name(environment, "$data_class")
    pod = "$kubernetes['namespace_name'].$kubernetes['pod_name'].$kubernetes['container_name']"
    return {
        "name": "cloudwatch_logs",
        "match": f"{TAG}.*",
        "region": region,
        "log_group_name": log_group_name(environment, default_class),
        "log_group_template": group,
        "log_stream_prefix": "unknown.",
        "log_stream_template": pod,
        "auto_create_group": False,
        "auto_retry_requests": True,
        "retry_limit": "no_limits",
        "storage.total_limit_size": f"{buffer_mib}M",
        "workers": 1,
    }


def _search(region: str, default_class: LogClass, buffer_mib: int) -> dict[str, Any]:
    """Each line to the index of its class, team and day; the program has named all but the day."""
    return {
        "name": "opensearch",
        "match": f"{TAG}.*",
        "host": f"${{{SEARCH_HOST}}}",
        "port": 443,
        "tls": True,
        "tls.verify": True,
        "aws_auth": "On",  # not true, which it takes for off
        "aws_region": region,
        "aws_service_name": "es",
        "logstash_format": True,
        "logstash_prefix": index_prefix(default_class, PLATFORM),
        "logstash_prefix_key": f"${INDEX_FIELD}",
        "logstash_prefix_separator": SEPARATOR,
        "logstash_dateformat": SEPARATOR.join(("%Y", "%m", "%d")),
        "suppress_type_name": True,
        "replace_dots": True,  # labels of pods have them, and OpenSearch takes them for objects in objects
        "generate_id": True,  # a batch that is sent again makes no line twice
        "time_key_nanos": True,  # and the same words twice in a millisecond are two lines
        "compress": "gzip",
        "buffer_size": "8M",  # the answer has some 300 bytes for each line of a batch of up to 2 MB
        "retry_limit": "no_limits",
        "storage.total_limit_size": f"{buffer_mib}M",
        "workers": 1,
    }
