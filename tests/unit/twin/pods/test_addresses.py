"""Addresses of pods: the same for the same pod, never one that somebody listens on."""

import socket
import sys

import pytest

from twin.pods import addresses

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux answers at every address of 127.0.0.0/8")


def test_a_pod_gets_the_same_address_again_and_another_pod_another_one() -> None:
    first, held = addresses.claim("one twin", [8080])
    held.close()
    again, held = addresses.claim("one twin", [8080])
    other, held_too = addresses.claim("another twin", [8080])
    held.close()
    held_too.close()
    assert first == again
    assert first.startswith("127.")
    assert other != first


def test_an_address_in_use_by_another_pod_is_passed_over() -> None:
    first, held = addresses.claim("pod", [])
    second, held_too = addresses.claim("pod", [])
    held.close()
    held_too.close()
    assert first != second


def test_an_address_where_a_port_is_taken_is_passed_over() -> None:
    first, held = addresses.claim("pod", [])
    held.close()
    with socket.create_server((first, 0)) as taken:
        port = taken.getsockname()[1]
        second, held = addresses.claim("pod", [port])
        held.close()
    assert second != first
