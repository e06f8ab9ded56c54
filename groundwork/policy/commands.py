"""`groundwork policy`: check, explain, list, coverage, evidence."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from groundwork import reading
from groundwork.console import console
from groundwork.errors import GroundworkError
from groundwork.policy import config as configuration
from groundwork.policy import evidence as evidence_of
from groundwork.policy import html, sarif, show
from groundwork.policy.coverage import coverage
from groundwork.policy.judging import Judged, judge
from groundwork.policy.sources import Source
from policies.config.pack_config import PackConfig, nearest
from policies.families import FAMILIES
from policies.frameworks import FRAMEWORKS, parts
from policies.frameworks.framework import Framework
from policies.ladder import FOLDER, LADDER
from policies.rule import Rule
from policies.rules import RULES
from twin import places
from twin.errors import TwinError
from twin.places import Places

app = typer.Typer(
    help="The policies outside of a run of the engine. Exit code 0: fine, 1: the command failed, 2: violations.",
    no_args_is_help=True,
)

What = Annotated[
    str,
    typer.Argument(
        metavar="WHAT",
        help="A file with what `pulumi stack export`, `pulumi preview --json --show-sames` or `pulumi preview "
        "--save-plan` wrote, `-` for standard input, or dev or prod: the stack as it runs on the twin.",
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A policy pack config; without one that of the environment that runs, and for a file the catalogue's "
        "levels.",
    ),
]
Strictness = Annotated[
    str | None, typer.Option(metavar="NAME", help="baseline, standard or regulated, in place of --config.")
]
State = Annotated[
    Path | None, typer.Option(metavar="FILE", help="What `pulumi stack export` printed: a saved plan needs it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def check(
    what: What,
    config: Config = None,
    strictness: Strictness = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Judge a saved state, a saved plan, a preview, or the stack that runs."""
    judged, source = _judged(what, config, strictness, state)
    if as_json:
        document = evidence_of.build(judged, source, datetime.now(UTC), _here())
        kept = ("subject", "summary", "complaints")
        answers = [answer for answer in document["answers"] if answer["points"]]
        _print_json({key: document[key] for key in kept} | {"answers": answers})
    else:
        show.answers(console, judged, source)
    _end(judged)


@app.command()
def evidence(
    what: What,
    output: Annotated[Path, typer.Option(metavar="FOLDER", help="Where evidence.json, .sarif and .html are put.")],
    config: Config = None,
    strictness: Strictness = None,
    state: State = None,
) -> None:
    """Write what the rules say as JSON, as SARIF 2.1.0, and as a page for an auditor."""
    judged, source = _judged(what, config, strictness, state)
    document = evidence_of.build(judged, source, datetime.now(UTC), _here())
    output.mkdir(parents=True, exist_ok=True)
    written = {
        "evidence.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        "evidence.sarif": json.dumps(sarif.document(document), indent=2, ensure_ascii=False) + "\n",
        "evidence.html": html.page(document),
    }
    for name, text in written.items():
        (output / name).write_text(text, encoding="utf-8")
    console.print(f"{output}: {', '.join(written)}", soft_wrap=True, highlight=False)
    console.print(show.summed_up(judged, source), soft_wrap=True, highlight=False)
    _end(judged)


@app.command()
def explain(rule: Annotated[str, typer.Argument(metavar="RULE", help="Such as ENC-07.")]) -> None:
    """Say what a rule requires, why, how to repair it, what it supports, with a good and a bad example."""
    show.explanation(console, _rule(rule))


@app.command("list")
def list_rules(
    family: Annotated[str | None, typer.Option(metavar="FAMILY", help=f"{', '.join(FAMILIES)}.")] = None,
    framework: Annotated[str | None, typer.Option(metavar="FRAMEWORK", help=f"{', '.join(FRAMEWORKS)}.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the rules, all or those of a family or a framework."""
    chosen = [rule for rule in RULES if family is None or rule.family is FAMILIES[_known(family, FAMILIES, "family")]]
    if framework is not None:
        wanted = _framework(framework)
        chosen = [rule for rule in chosen if any(of is wanted for id_ in rule.controls for of, _ in parts(id_))]
    if as_json:
        _print_json([show.as_data(rule) for rule in chosen])
    else:
        show.rules(console, chosen)


@app.command("coverage")
def coverage_command(
    framework: Annotated[str | None, typer.Option(metavar="FRAMEWORK", help=f"{', '.join(FRAMEWORKS)}.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show which controls of which framework are checked by which rules and tests, and which by none."""
    chosen = FRAMEWORKS.values() if framework is None else (_framework(framework),)
    covered = {one.key: coverage(one, RULES) for one in chosen}
    if as_json:
        _print_json(
            {key: [vars(control) | {"gap": control.gap} for control in found] for key, found in covered.items()}
        )
    else:
        for one in chosen:
            show.coverage(console, one, covered[one.key])


def register(group: typer.Typer) -> None:
    """Put the commands on the command line, as `groundwork policy …`."""
    group.add_typer(app, name="policy")


def _judged(what: str, config: Path | None, strictness: str | None, state: Path | None) -> tuple[Judged, Source]:
    source, environment = _source(what, state)
    chosen = _config(config, strictness, environment)
    return judge(source.resources, RULES, chosen, datetime.now(UTC).date()), source


def _source(what: str, state: Path | None) -> tuple[Source, str | None]:
    """Return what is judged, and the environment when it is one that runs."""
    if reading.is_environment(what):
        return reading.running(what), what
    return reading.written(what, state), None


def _config(path: Path | None, strictness: str | None, environment: str | None) -> PackConfig:
    if path and strictness:
        raise GroundworkError("--config and --strictness: give one of them, not both")
    if strictness:
        return configuration.of(FOLDER / f"{_known(strictness, LADDER, 'strictness')}.json")
    if path:
        return configuration.of(path)
    if environment:
        return configuration.of(configuration.path_of(environment, places.find().clone))
    return PackConfig()


def _here() -> Places | None:
    """Return where the program's files are; None outside of any clone, where saved files can be judged too."""
    try:
        return places.find()
    except TwinError:
        return None


def _rule(written: str) -> Rule:
    by_id = {rule.id: rule for rule in RULES}
    return by_id[_known(written, by_id, "rule")]


def _framework(written: str) -> Framework:
    return FRAMEWORKS[_known(written, FRAMEWORKS, "framework")]


def _known(written: str, names: Iterable[str], kind: str) -> str:
    """Return the name that was meant, whatever its case. Raises GroundworkError with the nearest one."""
    names = tuple(names)
    near = nearest(written, names)
    if near is not None and near.casefold() == written.casefold():
        return near
    meant = f"; did you mean {near}?" if near else ""
    shown = f" ({', '.join(names)})" if len(names) < 20 else ""
    raise GroundworkError(f"{written}: there is no such {kind}{meant}{shown}")


def _print_json(document: Any) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False, default=list))


def _end(judged: Judged) -> None:
    if judged.objections:
        raise typer.Exit(2)
