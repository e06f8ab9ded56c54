"""Walks the page with the keys of a keyboard in a real browser: everything is reached, seen, opened and left again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groundwork.preview import html
from groundwork.preview.drawing import draw
from groundwork.preview.plan import Plan, read
from tests.support.devtools import Browser, browsing, needs_browser
from tests.unit.groundwork.policy.saved import BUCKET, KEY
from tests.unit.groundwork.preview.digests import digest, step
from tests.unit.groundwork.preview.test_report import REPLACED, UNCHANGED, built, config, judged

pytestmark = needs_browser

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
COMPONENTS = ("AuditTrail", "DataVersioning", "Evidence", "ModelStore")
CONTRAST = 3
"""WCAG 2.2, 1.4.11: of what shows the focus against what is around it."""
MANY = 200
"""More stops than the page has."""

ALL = "[...document.querySelectorAll('*')]"
CONTROLS = f"{ALL}.filter(e => e.matches('a[href], summary, [tabindex=\"0\"]') && e.checkVisibility())"
SCRIPT = """
const luminance = color => {
  const [r, g, b] = color.match(/[\\d.]+/g).map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, other) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
const ground = e => {
  for (; e; e = e.parentElement) {
    const color = getComputedStyle(e).backgroundColor;
    if (!color.endsWith(', 0)')) return color;
  }
  return 'rgb(255, 255, 255)';
};
"""
FOCUS = f"""(() => {{
  {SCRIPT}
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  const place = e.getBoundingClientRect(), style = getComputedStyle(e);
  return {{
    index: {ALL}.indexOf(e),
    told: e.tagName + ' ' + (e.getAttribute('aria-label') ?? e.innerText).trim().slice(0, 60),
    shown: place.bottom > 0 && place.top < innerHeight && place.right > 0 && place.left < innerWidth,
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    contrast: contrast(style.outlineColor, ground(e.parentElement)),
  }};
}})()"""
UNFOCUSED = "window.held = document.activeElement; held.blur()"
FOCUSED_AGAIN = "held.focus({preventScroll: true})"


def inside(component: str, change: dict[str, Any]) -> dict[str, Any]:
    """The same change in a component of another type."""
    found: dict[str, Any] = json.loads(json.dumps(change).replace("ObjectStore", component))
    return found


def changed() -> Plan:
    """A change that fills every part of the page: many components, an objection, a loss, a right, a cost."""
    rights = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    moved = step("update", BUCKET, "bucket", {"bucket": "one"}, {"bucket": "another"})
    return read(
        "dev",
        digest(
            UNCHANGED,
            *(inside(name, moved) for name in COMPONENTS),
            *REPLACED,
            step("create", KEY, "new-key", None, {"enableKeyRotation": True, "region": "eu-west-1"}),
            step("create", ROLE_POLICY, "reader", None, {"role": "trainer", "policy": json.dumps(rights)}),
            step("update", KEY, "key", {"enableKeyRotation": True}, {"enableKeyRotation": False}),
        ),
        "",
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rules = config(**{"ENC-07": "mandatory", "ENC-01": "advisory"})
    environments = {name: Plan(**{**changed().__dict__, "environment": name}) for name in ("dev", "prod")}
    document = built(
        *(judged(plan, rules, config(**{"ENC-01": "mandatory"})) for plan in environments.values()),
        judges=("policies/environments/dev.json",),
    )
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(html.page(document, {name: draw(plan) for name, plan in environments.items()}), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("browser")) as made:
        yield made


@pytest.fixture(params=["light", "dark"])
def opened(browser: Browser, page: Path, request: pytest.FixtureRequest) -> Browser:
    browser.resize(1000, 700)
    browser.prefer(request.param)
    browser.open(page.as_uri(), "Made on a twin")
    return browser


def controls(browser: Browser) -> list[int]:
    """Everything that does something, in the order in which it is read."""
    found: list[int] = browser.value_of(f"{CONTROLS}.map(e => {ALL}.indexOf(e))")
    return found


def walked(browser: Browser, *, shift: bool = False, look: bool = False) -> list[int]:
    """Where Tab leads until it leaves the page or begins again. `look`: at each stop see that the focus is seen."""
    stops: list[int] = []
    for _ in range(MANY):
        browser.press("Tab", shift=shift)
        here = browser.value_of(FOCUS)
        if here is None and not stops:
            continue  # it comes into the page from outside
        if here is None or here["index"] in stops:
            return stops
        stops.append(here["index"])
        if look:
            assert here["shown"], here
            assert here["outline"] >= 2, here
            assert here["contrast"] >= CONTRAST, here
            focused = browser.picture()
            browser.value_of(UNFOCUSED)
            assert browser.picture() != focused, f"{here['told']} looks the same with the focus and without"
            browser.value_of(FOCUSED_AGAIN)
            assert browser.picture() == focused, "and the picture shows nothing else"
    raise AssertionError(f"Tab never leaves the page: {stops[-5:]}")


def open_all(browser: Browser) -> None:
    browser.value_of("document.querySelectorAll('details').forEach(e => { e.open = true })")


def focus(browser: Browser, told: str) -> None:
    """Go to a control by Tab alone."""
    for _ in range(MANY):
        browser.press("Tab")
        here = browser.value_of(FOCUS)
        if here is not None and told in here["told"]:
            return
    raise AssertionError(f"Tab does not lead to {told}")


def test_every_control_is_reached_in_the_order_of_reading_and_shows_the_focus(opened: Browser) -> None:
    wanted = controls(opened)
    assert len(wanted) > 20
    assert walked(opened, look=True) == wanted


def test_with_everything_open_nothing_is_a_trap_in_either_direction(opened: Browser) -> None:
    closed = controls(opened)
    open_all(opened)
    wanted = controls(opened)
    assert len(wanted) > len(closed), "what is closed has something to reach"
    assert walked(opened) == wanted
    opened.value_of("document.activeElement.blur()")
    assert walked(opened, shift=True)[-len(wanted) :] == wanted[::-1]


@pytest.mark.parametrize("key", ["Enter", " "])
def test_a_key_opens_and_closes_every_part_and_moves_nothing(opened: Browser, key: str) -> None:
    names: list[str] = opened.value_of("[...document.querySelectorAll('summary')].map(e => e.innerText.trim())")
    assert {name.split(" ")[0] for name in names} >= {*COMPONENTS, "ENC-07", "All", "Charges", "Files"}
    is_open = "document.activeElement.parentElement.open"
    for _ in names:
        focus(opened, "SUMMARY")
        before, place = opened.value_of(is_open), opened.value_of("scrollY")
        opened.press(key)
        assert opened.value_of(is_open) is not before
        opened.press(key)
        assert opened.value_of(is_open) is before
        assert opened.value_of("scrollY") == place
    assert opened.value_of("document.activeElement === [...document.querySelectorAll('summary')].pop()")


def test_the_tree_is_read_once_it_is_opened(opened: Browser) -> None:
    focus(opened, "ModelStore")
    shown = "document.activeElement.nextElementSibling.checkVisibility()"
    assert opened.value_of(shown) is False
    opened.press("Enter")
    assert opened.value_of(shown) is True


def test_links_lead_to_what_they_name_and_the_walk_goes_on_from_there(opened: Browser) -> None:
    first = "(id => [...document.querySelectorAll('a[href], summary, [tabindex=\"0\"]')].find(e => e.checkVisibility()"
    first += f" && document.getElementById(id).compareDocumentPosition(e) & 4 && {ALL}.indexOf(e)))"
    for name, place in (("To the verdict", "verdict"), ("prod", "prod")):
        opened.value_of("document.activeElement.blur()")
        focus(opened, f"A {name}")
        opened.press("Enter")
        assert opened.value_of("location.hash") == f"#{place}"
        top = opened.value_of(f"new Promise(requestAnimationFrame).then(() => {place}.getBoundingClientRect().top)")
        assert -1 < top < 700, "it is on the screen"
        opened.press("Tab")
        assert opened.value_of(f"document.activeElement === {first}('{place}')")


def test_what_is_wider_than_the_window_is_moved_by_arrows_and_the_page_is_not(opened: Browser) -> None:
    opened.resize(400, 700)
    assert opened.value_of("document.documentElement.scrollWidth <= innerWidth"), "the page itself fits"
    focus(opened, "Architecture of dev")
    moved = "new Promise(done => { const e = document.activeElement; e.onscrollend = () => done(e.scrollLeft) })"
    opened.value_of(f"window.moved = {moved}; 0")
    opened.press("ArrowRight")
    assert opened.value_of("moved") > 0
    assert opened.value_of("scrollX") == 0
