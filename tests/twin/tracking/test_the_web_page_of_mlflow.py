"""MLflow's own web page in a real browser, as a user of a team who signs in."""

from pathlib import Path

from tests.support.devtools import browsing, needs_browser
from tests.support.pictures import colours
from tests.support.project import Project
from tests.twin.tracking.clients import WORK
from tests.twin.tracking.opened import Opened

DRAWN = 20
"""Colours that letters have by their soft edges alone; an empty window has one."""


@needs_browser
def test_it_shows_experiments_a_run_with_its_metrics_and_a_registered_model(
    opened: Opened, dev: Project, tmp_path: Path
) -> None:
    del dev
    user = opened.user("vision")
    made = user.run(WORK, name="vision-cheese", file=str(opened.folder / "cheese"))
    opened.user("language").run("client.create_experiment('language-cheese')")
    pages = {
        "experiments": ("experiments", ("vision-cheese",)),
        "run": (f"experiments/{made['experiment']}/runs/{made['run']}", ("loss", "0.25", "rate", "0.1", "Finished")),
        "models": ("models", ("vision-cheese", "candidate")),
        "model": ("models/vision-cheese", ("Version 1", "candidate")),
    }
    with browsing(tmp_path, user.username, user.password) as browser:
        for name, (path, wanted) in pages.items():
            text = browser.open(f"{opened.url}/#/{path}?workspace=vision", *wanted)
            picture = tmp_path / f"{name}.png"
            browser.screenshot(picture)
            assert colours(picture.read_bytes(), enough=DRAWN) >= DRAWN, f"{name} has its words and shows nothing"
            assert "language-cheese" not in text
        assert browser.complaints() == []
        outside = {url for url in browser.asked() if not url.startswith((opened.url, "data:", "blob:", "about:"))}
        assert not outside, "the page needs nothing from elsewhere"
