"""What a browser would act on in a page."""

from html.parser import HTMLParser
from typing import Final

VOID: Final = frozenset({"meta", "link", "br", "img", "input", "hr"})


class Page(HTMLParser):
    """Collects tags, links, handlers, ids, and what is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.handlers: list[str] = []
        self.scripts = 0
        self.policy = ""
        self.unclosed: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "data", "srcset")]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        self.ids += [given["id"] or ""] if "id" in given else []
        self.scripts += tag == "script"
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given.get("content") or ""
        if tag not in VOID:
            self.unclosed.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed, tag
        assert self.unclosed[-1] == tag, f"{tag} closes {self.unclosed[-5:]}"
        self.unclosed.pop()
