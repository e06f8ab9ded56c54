"""Every preview and update of an environment is judged with that environment's levels and settings."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from groundwork.deployment import Deployment
from groundwork.errors import GroundworkError


class Engine:
    """Takes down with what it was called."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def preview(self, **options: Any) -> None:
        self.calls.append(options)

    def up(self, **options: Any) -> SimpleNamespace:
        self.calls.append(options)
        return SimpleNamespace(outputs={})


def deployment(folder: Path, environment: str = "prod") -> tuple[Deployment, Engine]:
    made, engine = Deployment(environment, folder, folder, {}), Engine()
    made.__dict__["stack"] = engine
    return made, engine


def write(folder: Path, text: str) -> Path:
    path = folder / "policies" / "environments" / "prod.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def test_preview_and_up_take_the_file_of_the_environment(tmp_path: Path) -> None:
    path = write(tmp_path, '{"all": "mandatory"}')
    made, engine = deployment(tmp_path)
    made.preview(lambda event: None)
    made.up(lambda event: None)
    assert [call["policy_pack_configs"] for call in engine.calls] == [[str(path)]] * 2
    assert [call["policy_packs"] for call in engine.calls] == [[str(tmp_path / "policies")]] * 2


@pytest.mark.parametrize(
    ("text", "said"), [('{"ENC-O4": "mandatory"}', r"prod\.json: ENC-O4: there is no such policy"), ("{", "is no JSON")]
)
def test_a_file_with_a_mistake_stops_before_the_engine_starts(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, text)
    made, engine = deployment(tmp_path)
    for operation in (made.preview, made.up):
        with pytest.raises(GroundworkError, match=said):
            operation(lambda event: None)
    assert not engine.calls


def test_an_environment_without_a_file_is_not_deployed_unjudged(tmp_path: Path) -> None:
    made, engine = deployment(tmp_path, "staging")
    with pytest.raises(GroundworkError, match=r"environments/staging\.json: cannot be read: No such file"):
        made.up(lambda event: None)
    assert not engine.calls
