"""A clone small enough to make for each test, and real twins in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tools import toolchain
from tools.toolchain import Toolchain
from twin import lifecycle
from twin.account import Account
from twin.environment import environment
from twin.places import Places
from twin.state import TwinState

ACCOUNT_ID = "111122223333"
REGION = "eu-west-1"
SETTINGS = f"""config:
  # whose account
  groundwork:settings:
    account_id: "{ACCOUNT_ID}"
    region: {REGION}
"""


@dataclass
class Clone:
    """A clone and its twin."""

    places: Places
    tools: Toolchain
    said: list[str] = field(default_factory=list)
    """What the life cycle has told the person."""

    def start(self) -> TwinState:
        return lifecycle.start(self.places, self.tools, self.said.append)

    def stop(self, keep_state: bool = False) -> bool:
        return lifecycle.stop(self.places, self.said.append, keep_state)

    def account(self, state: TwinState) -> Account:
        return Account.of(self.variables(state))

    def variables(self, state: TwinState) -> dict[str, str]:
        return environment(self.places, self.tools, state, ACCOUNT_ID, REGION)


@pytest.fixture(scope="session")
def tools() -> Toolchain:
    return toolchain.locate()


@pytest.fixture(scope="module")
def make_clone(tmp_path_factory: pytest.TempPathFactory, tools: Toolchain) -> Iterator[Callable[[], Clone]]:
    """Makes clones whose twins are stopped at the end of the module."""
    made: list[Clone] = []

    def make() -> Clone:
        folder = tmp_path_factory.mktemp("clone")
        (folder / "pyproject.toml").touch()
        (folder / "Pulumi.yaml").write_text("name: tiny\nruntime: python\nmain: stacks\n")
        (folder / "Pulumi.dev.yaml").write_text(f"encryptionsalt: of-aws\n{SETTINGS}")
        (folder / "stacks").mkdir()
        made.append(Clone(Places(clone=folder, root=folder / ".twin"), tools))
        return made[-1]

    yield make
    for clone in made:
        clone.stop()


@pytest.fixture
def clone(make_clone: Callable[[], Clone]) -> Clone:
    return make_clone()


@pytest.fixture(scope="module")
def running(make_clone: Callable[[], Clone]) -> tuple[Clone, TwinState]:
    """A twin that the tests of the module share; they do not stop it."""
    clone = make_clone()
    return clone, clone.start()
