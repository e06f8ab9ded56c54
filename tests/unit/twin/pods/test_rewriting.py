"""Which parts of a text are paths and addresses of the container, and what looks like one and is none."""

from pathlib import Path

import pytest

from twin.pods.rewriting import Rewriting

REWRITING = Rewriting(
    {"/srv": Path("/here/scratch"), "/srv/deep": Path("/here/deep"), "/etc/app/ca.pem": Path("/here/ca.pem")},
    "127.30.40.50",
    lambda text: text.replace("db.shop", "127.9.9.9"),
)


@pytest.mark.parametrize(
    ("written", "rewritten"),
    [
        ("/srv", "/here/scratch"),
        ("/srv/", "/here/scratch/"),
        ("/srv/a.db", "/here/scratch/a.db"),
        ("/srv/deep/a", "/here/deep/a"),
        ("/srv/deeper", "/here/scratch/deeper"),
        ("--dir=/srv", "--dir=/here/scratch"),
        ("PATH=/bin:/srv:/x", "PATH=/bin:/here/scratch:/x"),
        ('exec x "$(cat /srv/a)"', 'exec x "$(cat /here/scratch/a)"'),
        ("file:///srv/a", "file:///here/scratch/a"),
        ("sqlite:////srv/a.db", "sqlite:////here/scratch/a.db"),
        ("u?sslrootcert=/etc/app/ca.pem&x=1", "u?sslrootcert=/here/ca.pem&x=1"),
        ("/var/srv", "/var/srv"),
        ("/srvfs /srv-x /srv.d", "/srvfs /srv-x /srv.d"),
        ("/etc/app", "/etc/app"),
        ("/etc/app/ca.pem.old", "/etc/app/ca.pem.old"),
        ("s3://bucket/srv/a", "s3://bucket/srv/a"),
        ("http://host:80/srv", "http://host:80/srv"),
        ("$HOME/srv ${HOME}/srv $(pwd)/srv ~/srv", "$HOME/srv ${HOME}/srv $(pwd)/srv ~/srv"),
        ("0.0.0.0:80", "127.30.40.50:80"),
        ("10.0.0.0 0.0.0.0.1", "10.0.0.0 0.0.0.0.1"),
        ("host=db.shop", "host=127.9.9.9"),
    ],
)
def test_what_is_of_the_container_becomes_what_is_here(written: str, rewritten: str) -> None:
    assert REWRITING.text(written) == rewritten


def test_without_mounts_nothing_is_a_path_of_the_container() -> None:
    assert Rewriting({}, "127.1.1.1", lambda text: text).text("/srv 0.0.0.0") == "/srv 127.1.1.1"
