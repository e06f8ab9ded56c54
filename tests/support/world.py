"""The account's resources, as the AWS APIs list them, against the engine's state."""

from tests.support.project import Project
from twin import inventory


def held(project: Project, environment: str = "dev") -> inventory.Inventory:
    """What the environment's account holds."""
    return inventory.take(project.account(environment))


def state_text(project: Project, environment: str = "dev") -> str:
    """The engine's state, as `pulumi stack export` prints it."""
    return project.pulumi("stack", "export", "-s", environment, environment=environment).stdout


def assert_state_and_world_agree(project: Project, environment: str = "dev") -> None:
    """Everything in the account is in the state: nothing was made twice, nothing was lost."""
    state = state_text(project, environment)
    orphans = [
        f"{kind} {name}" for kind, names in held(project, environment).items() for name in names if name not in state
    ]
    assert orphans == []
