"""`up`, `refresh`, `destroy`, `recover`, `inventory`: the engine's work on the twin, for people."""

import sys
from typing import Annotated

import typer
from rich.markup import escape

from groundwork import show
from groundwork.console import console
from groundwork.cost.gate import hold
from groundwork.deployment import Deployment
from groundwork.drain import drain
from groundwork.errors import GroundworkError
from groundwork.events import EventLog, name_of
from groundwork.operation import mend, run, told
from groundwork.progress import Progress
from groundwork.release import release
from groundwork.target import on_twin
from twin import inventory
from twin.account import Account
from twin.kubernetes.client import ApiError, KubeconfigError

Environment = Annotated[str, typer.Argument(metavar="ENV", help="dev or prod: the name in Pulumi.<env>.yaml")]


def up(environment: Environment = "dev") -> None:
    """Build the environment on the twin: plan, judge by the policies and the monthly ceiling, then make the changes.

    Exit code 2: a policy objects; 4: it would cost more than its ceiling while nobody uses it.
    """
    deployment = on_twin(environment, console)
    mend(deployment)
    planned = run(deployment.preview, f"Planning {environment}")
    hold(console, environment, planned)
    total = sum(planned.counts.values())
    log = EventLog()
    with Progress(console, f"Building {environment}", log, total) as progress, told(log):
        values = deployment.up(progress.on_event)
    show.warnings(console, [text for text in log.warnings if text not in planned.warnings])
    console.print(f"[green bold]{environment} is up[/]: {show.counted(log)}.")
    show.outputs(console, {name: "(secret)" if value.secret else value.value for name, value in values.items()})
    console.print(
        f'\nTo look around:  eval "$(.venv/bin/groundwork twin env --env {environment})"'
        f"  then pulumi preview -s {environment}, aws s3 ls, psql …\nTo stop the twin:  make down",
        soft_wrap=True,
        highlight=False,
    )


def refresh(environment: Environment = "dev") -> None:
    """Read the twin into the state and say what was different."""
    deployment = on_twin(environment, console)
    mend(deployment)
    log = run(deployment.refresh, f"Reading {environment}")
    show.changes(console, log)
    console.print(f"{environment}: {_drift(log)}")


def destroy(
    environment: Environment = "dev",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. Needed where nobody can be asked.")] = False,
    unprotect: Annotated[
        bool,
        typer.Option("--unprotect", help="With --yes: also what is protected: keys, and in prod whatever holds data."),
    ] = False,
) -> None:
    """Delete everything that the environment has on the twin, after asking; what is protected is named."""
    deployment = on_twin(environment, console)
    mend(deployment)
    protected = deployment.protected()
    named = f"{len(protected)} protected resources ({', '.join(map(name_of, protected))})"
    if protected and yes and not unprotect:
        raise GroundworkError(
            f"{environment} has {named}. Nothing was deleted.\n"
            f"To delete them with the rest: groundwork destroy {environment} --yes --unprotect"
        )
    if not yes:
        console.print(
            f"Everything that {environment} has on the twin will be deleted{f', also {named}' if protected else ''}."
        )
        if not sys.stdin.isatty() or typer.prompt("Type its name to go on") != environment:
            raise GroundworkError("Not confirmed; nothing was deleted. Where nobody can be asked: --yes")
    _drain(deployment)
    release(deployment.disposable_databases(), Account.of(deployment.variables).client("rds"))
    if protected:
        deployment.unprotect(protected)
    log = run(deployment.destroy, f"Deleting {environment}")
    console.print(f"{environment}: {show.counted(log)}.")


def recover_command(environment: Environment = "dev") -> None:
    """Mend the state after an `up` that was killed; every other command does so first by itself."""
    deployment = on_twin(environment, console)
    if not mend(deployment):
        console.print(f"{environment}: nothing to mend.")


def inventory_command(environment: Environment = "dev") -> None:
    """List what the environment's account holds on the twin, from the AWS APIs, not from the state."""
    deployment = on_twin(environment, console)
    held = inventory.take(Account.of(deployment.variables))
    for kind, ids in held.items():
        console.print(f"[cyan]{kind}[/] {len(ids)}")
        for name in ids:
            console.print(f"  {name}", highlight=False)
    if not held:
        console.print("The account is empty.")


def register(app: typer.Typer) -> None:
    """Put the commands on the command line."""
    app.command()(up)
    app.command()(refresh)
    app.command()(destroy)
    app.command("recover")(recover_command)
    app.command("inventory")(inventory_command)


def _drain(deployment: Deployment) -> None:
    """Empty the cluster of what AWS keeps outside of it, if there is a cluster and somebody can look into it."""
    kubeconfig = deployment.kubeconfig()
    if kubeconfig is None:
        return
    try:
        with console.status("Deleting what people have in the cluster …"):
            done = drain(kubeconfig, deployment.variables)
    except (ApiError, KubeconfigError) as error:
        # An `up` that was cut short, or a destroy that was: there is no way in yet, or none any more.
        said = f"nobody could look into the cluster for load balancers and volumes: {error}"
        show.warnings(console, [said])
        return
    if said := done.describe():
        console.print(escape(said), highlight=False, soft_wrap=True)


def _drift(log: EventLog) -> str:
    differing = log.counts["update"] + log.counts["delete"]
    return (
        f"{differing} resources differed from the state; the state now says what is there."
        if differing
        else "no difference."
    )
