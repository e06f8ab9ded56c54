"""The report as a comment: short, folded, under a comment's limit, and with nothing in it that a name could do.

Every text that comes from the program is put through `text` or `code`: no HTML, no Markdown, no mention, no link, no
image, no line of its own. GitHub renders what is left; it is escaped again where it is posted.

Source: GitHub Flavored Markdown, 2.4 (backslash escapes), 6.11 (raw HTML); GitHub's limit of a comment, 65,536.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from groundwork.preview.report import FINE, VERDICTS

LIMIT: Final = 65_000
"""Characters; GitHub takes 65,536."""
LISTED: Final = 25
"""Entries of a list that are told; the page has all."""
LONGEST: Final = 300
MARKER: Final = "<!-- groundwork preview -->"
"""By which the one who posts finds the comment again."""
SIGNS: Final = {FINE: "✅"}
_SPECIAL: Final = re.compile(r"([\\*_{}\[\]|~$])")
_LINKED: Final = re.compile(r"[@#]|://|www\.", re.IGNORECASE)
"""What GitHub makes a mention, a reference or a link of, after Markdown: an escape does not keep it from that."""
_BREAK: Final = "\u200b"
"""Without a width: it is not seen, and what it is in is no mention and no link any more."""
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_TRACEBACK: Final = "Traceback (most recent call last)"
_WORDS: Final = {
    "create": "created",
    "update": "changed",
    "replace": "replaced",
    "delete": "deleted",
    "import": "imported",
}


def text(value: object) -> str:
    """Return words of a program as words and nothing else.

    >>> text("<img src=x> **bold** [a](b)")
    '&lt;img src=x&gt; \\\\*\\\\*bold\\\\*\\\\* \\\\[a\\\\](b)'
    """
    plain = _shortened(value)
    apart = _LINKED.sub(lambda found: f"{found[0][:1]}{_BREAK}{found[0][1:]}", plain)
    escaped = _SPECIAL.sub(r"\\\1", apart.replace("&", "&amp;"))
    return escaped.replace("<", "&lt;").replace(">", "&gt;").replace("`", "&#96;")


def code(value: object) -> str:
    """Return a name or a path as code: nothing inside of it is Markdown, HTML or a mention.

    >>> code("a`b"), code("@x")
    ("`a'b`", '`@x`')
    """
    return f"`{_shortened(value).replace('`', chr(39)) or ' '}`"


def comment(report: Mapping[str, Any]) -> str:
    """Return the comment."""
    parts = [MARKER, _head(report), *_warnings(report), *_undecided(report)]
    for one in report["environments"]:
        parts.append(_summary(one))
    for one in report["environments"]:
        parts.extend(_details(one))
    parts.append("The whole report is the page `report.html` in the artifact of this run.")
    return _cut(parts)


def _head(report: Mapping[str, Any]) -> str:
    sign = SIGNS.get(report["code"], "❌")
    base = report["base"]
    against = f"{code(base['ref'])} ({code(base['commit'][:12])})" if base["kind"] == "base" else "what is on AWS"
    return f"### {sign} Preview: {VERDICTS[report['code']]}\n\nHead {code(report['head'][:12])} against {against}."


def _warnings(report: Mapping[str, Any]) -> Iterator[str]:
    """What weakens the judge comes before what it says."""
    lines = []
    for one in report["environments"]:
        config = one["config"]
        for waiver in config["waivers_added"]:
            lines.append(
                f"- **{text(one['name'])}: this change waives {code(waiver['rule'])}** for {code(waiver['urn'])} until "
                f"{text(waiver['expires'])}, owner {text(waiver['owner'])}: {text(waiver['reason'])}"
            )
        for kind in ("levels", "settings"):
            for each in config[kind]:
                lines.append(
                    f"- **{text(one['name'])}: this change sets {code(each['name'])} of the policies** from "
                    f"{code(each['before'])} to {code(each['after'])}"
                )
    if report["judges"]:
        shown = ", ".join(code(path) for path in report["judges"][:LISTED])
        more = f" and {len(report['judges']) - LISTED} more" if len(report["judges"]) > LISTED else ""
        lines.append(f"- **This change touches what judges it**: {shown}{more}")
    if lines:
        yield "> [!WARNING]\n" + "\n".join(f"> {line}" for line in _listed(lines))


def _undecided(report: Mapping[str, Any]) -> Iterator[str]:
    """A ceiling that a change leaves nobody able to check is told before anything of that change."""
    lines = []
    for one in report["environments"]:
        cost = one["cost"]
        new = [each for each in cost["unknown"] if each["new"] and each["idle"]] if cost and cost["undecided"] else []
        if new:
            more = f" and {len(new) - LISTED} more" if len(new) > LISTED else ""
            lines.append(
                f"- **{text(one['name'])}: whether its monthly ceiling holds cannot be said**: at least "
                f"{cost['idle']['after']['usd']:,.2f} USD idle, the ceiling is {cost['ceiling_usd']:,.0f}; not known: "
                f"{', '.join(map(_priceless, new[:LISTED]))}{more}"
            )
    if lines:
        yield "> [!WARNING]\n" + "\n".join(f"> {line}" for line in lines)


def _priceless(each: Mapping[str, Any]) -> str:
    return f"{code(each['resource'])} ({code(each['price'])})"


def _summary(one: Mapping[str, Any]) -> str:
    """One environment in a few lines."""
    name = text(one["name"])
    if one["failed"]:
        return f"#### {name}: failed\n\n" + "\n".join(f"- {text(_cause(line))}" for line in _listed(one["failed"]))
    counts = ", ".join(f"{one['counts'][op]} {word}" for op, word in _WORDS.items() if one["counts"].get(op))
    idle, use = one["cost"]["idle"], one["cost"]["use"]
    lines = [
        f"#### {name}: {counts or 'no change'}, {one['counts']['same']} unchanged",
        "",
        *(f"- ❌ **{VERDICTS[reason]}**" for reason in one["reasons"]),
        *(
            f"- 🗑️ **{loss['op']}s {code(loss['name'])}** ({code(loss['type'])})"
            + (f", because of {code(loss['why'])}" if loss["why"] else "")
            + (", which is protected" if loss["protected"] else "")
            + (": confirmed" if one["confirmed"] else "")
            for loss in one["losses"][:LISTED]
        ),
        *_listed(
            f"- ❔ **the price is not known** of {_priceless(each)}{'' if each['idle'] else ', in use'}: "
            f"{text(each['why'])}"
            for each in one["cost"]["unknown"]
            if each["new"]
        ),
        f"- policies: {one['policies']['objections']} objections, {one['policies']['summary']['waived']} waived, "
        f"{one['policies']['summary']['undecided']} undecided",
        f"- cost a month: {_money(idle)} idle, {_money(use)} in use{_ceiling(one['cost'])}",
        f"- access: {len(one['access']['gains'])} gained, {len(one['access']['losses'])} lost"
        + (f", {len(one['access']['unread'])} not known yet" if one["access"]["unread"] else ""),
    ]
    return "\n".join(lines)


def _cause(error: str) -> str:
    """Return what a person has to know of an error: of a traceback its end."""
    lines = [line for line in error.splitlines() if line.strip()]
    begun = next((number for number, line in enumerate(lines) if _TRACEBACK in line), None)
    return error if begun is None else " ".join((*lines[:begun], *lines[max(begun + 1, len(lines) - 3) :]))


def _details(one: Mapping[str, Any]) -> Iterator[str]:
    """The lists, folded."""
    if one["failed"]:
        return
    name = one["name"]
    stopping = [answer for answer in one["policies"]["answers"] if answer["stops"]]
    yield _folded(f"{name}: objections", len(stopping), map(_objection, stopping))
    access = one["access"]
    yield _folded(
        f"{name}: who may do more, who may do less",
        len(access["gains"]) + len(access["losses"]) + len(access["unread"]),
        (
            *(f"- **more**: {text(each['who'])} {text(each['what'])}" for each in access["gains"]),
            *(f"- less: {text(each['who'])} {text(each['what'])}" for each in access["losses"]),
            *(
                f"- not known yet: {code(each['urn'].rpartition('::')[2])}: {text(each['why'])}"
                for each in access["unread"]
            ),
        ),
    )
    charges = one["cost"]["idle"]["charges"]
    yield _folded(
        f"{name}: what costs more or less, idle",
        len(charges),
        (f"- {text(each['name'])}: {each['before']:,.2f} → {each['after']:,.2f} USD" for each in charges),
    )
    old = [each for each in one["cost"]["unknown"] if not each["new"]]
    yield _folded(
        f"{name}: without a known price, as before",
        len(old),
        (f"- {_priceless(each)}: {text(each['why'])}" for each in old),
    )
    yield _folded(f"{name}: resources", len(one["changes"]), map(_change, one["changes"]))


def _objection(answer: Mapping[str, Any]) -> str:
    point = answer["points"][0]
    more = f" (and {len(answer['points']) - 1} more)" if len(answer["points"]) > 1 else ""
    name = answer["urn"].rpartition("::")[2] or "the stack"
    return (
        f"- **{answer['rule']}** {code(name)}: {text(point['path'] or 'resource')}: {text(point['what'])}; "
        f"expected {text(point['expected'])}{more}"
    )


def _change(step: Mapping[str, Any]) -> str:
    line = f"- {step['op']} {code(step['name'])} {code(step['type'])}"
    for each in step["differences"][:5]:
        line += f"\n  - {code(each['path'])}: {code(each['before'])} → {code(each['after'])}"
    if len(step["differences"]) > 5:
        line += f"\n  - and {len(step['differences']) - 5} more properties"
    return line


def _folded(title: str, number: int, lines: Iterable[str]) -> str:
    if not number:
        return ""
    return f"<details><summary>{text(title)} ({number})</summary>\n\n" + "\n".join(_listed(lines)) + "\n\n</details>"


def _listed(lines: Iterable[str]) -> Sequence[str]:
    lines = list(lines)
    more = [f"- … and {len(lines) - LISTED} more, in the page"] if len(lines) > LISTED else []
    return [*lines[:LISTED], *more]


def _money(comparison: Mapping[str, Any]) -> str:
    before, after = comparison["before"]["usd"], comparison["after"]["usd"]
    least = "" if comparison["after"]["complete"] else "at least "
    whole = comparison["before"]["complete"] and comparison["after"]["complete"]
    return f"{least}{after:,.2f} USD ({after - before:+,.2f}{'' if whole else ' of what is known'})"


def _ceiling(cost: Mapping[str, Any]) -> str:
    if cost["ceiling_usd"] is None:
        return "; no ceiling"
    raised = cost["ceiling_before_usd"]
    moved = f", which was {raised:,.0f}" if raised not in (None, cost["ceiling_usd"]) else ""
    holds = ": whether it holds cannot be said" if cost["undecided"] else ""
    return f"; the ceiling is {cost['ceiling_usd']:,.0f}{moved}{holds}"


def _shortened(value: object) -> str:
    plain = _UNSEEN.sub(" ", str(value)).strip()
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"


def _cut(parts: Iterable[str]) -> str:
    """Leave out whole parts from the end on, and say so: half a part would leave the rest of the page inside it."""
    kept, length, left_out = [], 200, 0
    for part in (one for one in parts if one):
        if length + len(part) + 2 > LIMIT:
            left_out += 1
            continue
        kept.append(part)
        length += len(part) + 2
    if left_out:
        kept.append(f"{left_out} parts are too long for a comment: they are in the page.")
    return "\n\n".join(kept) + "\n"
