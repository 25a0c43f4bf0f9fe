"""What a built site would load from another host: nothing, and here is what looks for it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

# A page that is left out of the policy could load from anywhere; so each has to have it.
POLICY = "default-src 'self'"
# What loads by itself. An `a` leads away only when somebody follows it.
LOADED_BY = {
    "audio": ("src",), "embed": ("src",), "iframe": ("src",), "image": ("href", "xlink:href"),
    "img": ("src", "srcset"), "input": ("src",), "object": ("data",), "script": ("src",),
    "source": ("src", "srcset"), "track": ("src",), "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}  # fmt: skip
# A `link` of another kind says something and loads nothing.
LINKS_THAT_LOAD = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "preconnect",
                   "dns-prefetch", "manifest"}  # fmt: skip
AWAY = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
CSS_LOADS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", re.IGNORECASE)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.policies: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.loads += [given[name] for name in LOADED_BY.get(tag, ()) if name in given]
        self.loads += _in_css(given.get("style", ""))
        if tag == "link" and LINKS_THAT_LOAD & set(given.get("rel", "").split()):
            self.loads.append(given.get("href", ""))
        if tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self.policies.append(given.get("content", ""))


def _in_css(text: str) -> list[str]:
    return [one or other for one, other in CSS_LOADS.findall(text)]


def troubles(site: Path) -> Iterator[str]:
    """A sentence for each page without the policy, and each thing loaded from elsewhere."""
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site)
        loads: list[str] = []
        if path.suffix in (".html", ".svg"):
            page = _Page()
            page.feed(path.read_text())
            loads = page.loads
            if path.suffix == ".html" and not any(POLICY in each for each in page.policies):
                yield f"{name} has no policy that keeps it from loading from other hosts"
        elif path.suffix == ".css":
            loads = _in_css(path.read_text())
        yield from (f"{name} loads {each}" for each in loads if AWAY.match(each))
