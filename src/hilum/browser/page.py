"""The page of `hilum serve` without its server: one file for a disc, or a folder for a web server."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2

from hilum.browser.bundle import bundled, runtime_module
from hilum.browser.runtime_files import RuntimeFiles
from hilum.files import read_text
from hilum.reports.embedded import as_text, script_hash

_HILUM: Final = Path(__file__).parents[1]
_STATIC: Final = "web/static"
_MODULES: Final = "browser/modules"
_TEMPLATE: Final = _HILUM / "web" / "templates" / "page.html.j2"
_ASKS_A_SERVER: Final = f"{_STATIC}/server.js"
_ANSWERS_HERE: Final = f"{_MODULES}/server.js"

_STYLE: Final = re.compile(r'<link rel="stylesheet" href="static/([\w.]+)"( media="\w+")?>\n?')
_ICON: Final = re.compile(r'<link rel="icon" href="static/([\w.]+)"[^>]*>\n?')
_SCRIPT: Final = re.compile(r'<script type="module" src="static/page\.js"></script>\n?')
_WORKER: Final = "worker.js"
_INDEX: Final = "index.html"


@dataclass(frozen=True, slots=True)
class PageParts:
    """All that a page is made of.

    Args:
        facts: what its modules ask for, see `hilum.browser.facts`.
        graph: model.onnx.
        runtime: ONNX Runtime Web.
    """

    facts: dict[str, Any]
    graph: bytes
    runtime: RuntimeFiles


@dataclass(frozen=True, slots=True)
class _Style:
    """A style sheet: its name, its text, and where it holds."""

    name: str
    text: str
    media: str = ""


def single_file(parts: PageParts) -> str:
    """The page with everything inside: it opens from a disc, asks nobody, and holds no address of anything."""
    script, styles = _script(parts.runtime), _styles()
    policy = {
        "default-src": "'none'",
        "script-src": f"'sha256-{script_hash(script)}' 'wasm-unsafe-eval'",
        "style-src": " ".join(f"'sha256-{script_hash(style.text)}'" for style in styles),
        "img-src": "data: blob:",
        "form-action": "'none'",
        "base-uri": "'none'",
    }
    head = "".join(f"<style{style.media}>{style.text}</style>\n" for style in styles)
    carried = {"runtime.wasm": parts.runtime.program, "model.onnx": parts.graph}
    tail = _facts(parts.facts) + "".join(_carried(name, content) for name, content in carried.items())
    icon = f"data:image/svg+xml;base64,{as_text(_icon())}"
    return _page(policy, head, icon, f"{tail}<script>{script}</script>\n")


def folder_files(parts: PageParts) -> dict[str, bytes]:
    """The files of the folder by name; a service worker keeps them in the browser, which then needs no network."""
    styles = _styles()
    policy = {
        "default-src": "'none'",
        "script-src": "'self' 'wasm-unsafe-eval'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "connect-src": "'self'",
        "worker-src": "'self'",
        "form-action": "'none'",
        "base-uri": "'none'",
    }
    head = "".join(f'<link rel="stylesheet" href="{style.name}"{style.media}>\n' for style in styles)
    page = _page(policy, head, "icon.svg", f'{_facts(parts.facts)}<script src="hilum.js"></script>\n')
    files = {style.name: style.text.encode() for style in styles} | {
        _INDEX: page.replace("<html ", f'<html data-worker="{_WORKER}" ', 1).encode(),
        "hilum.js": _script(parts.runtime).encode(),
        "runtime.wasm": parts.runtime.program,
        "model.onnx": parts.graph,
        "icon.svg": _icon(),
    }
    return files | {_WORKER: _worker(files).encode()}


def _page(policy: Mapping[str, str], head: str, icon: str, tail: str) -> str:
    """The server's page, its links exchanged for what this page has in their place."""
    page = _server_page()
    rules = "; ".join(f"{name} {value}" for name, value in policy.items())
    meta = f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{rules}">'
    page = page.replace('<meta charset="utf-8">', meta, 1)
    page = _ICON.sub(lambda _: f'<link rel="icon" href="{icon}" type="image/svg+xml">\n', page)
    page = _SCRIPT.sub("", _STYLE.sub("", page)).replace("</head>", f"{head}</head>", 1)
    return page.replace("</body>", f"{tail}</body>", 1)


def _server_page() -> str:
    """The page as a server on this machine alone gives it."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(read_text(_TEMPLATE)).render(is_insecure=False)


def _script(runtime: RuntimeFiles) -> str:
    """The page's modules with the one that asks a server exchanged, the modules that answer, and the runtime."""
    paths = [*_HILUM.glob(f"{_STATIC}/*.js"), *_HILUM.glob(f"{_MODULES}/*.js")]
    modules = {path.relative_to(_HILUM).as_posix(): read_text(path) for path in sorted(paths)}
    modules[_ASKS_A_SERVER] = (
        f'import {{ Server as Inside }} from "../../{_ANSWERS_HERE}";\nexport const Server = Inside;\n'
    )
    modules[f"{_MODULES}/ort.js"] = runtime_module(runtime)
    return bundled(modules, f"{_MODULES}/main.js")


def _styles() -> list[_Style]:
    """The page's style sheets in its order, and ours."""
    linked = _STYLE.findall(_server_page())
    styles = [_Style(name, read_text(_HILUM / _STATIC / name), media) for name, media in linked]
    return [*styles, _Style("inside.css", read_text(_HILUM / "browser" / "page" / "inside.css"))]


def _icon() -> bytes:
    [name] = _ICON.findall(_server_page())
    return read_text(_HILUM / _STATIC / name).encode()


def _facts(values: dict[str, Any]) -> str:
    """The facts as JSON that cannot end its element."""
    text = json.dumps(values, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    return f'<script id="facts" type="application/json">{text}</script>\n'


def _carried(name: str, content: bytes) -> str:
    """A file inside the page: packed, because a third of it is saved that way, and the same for the same bytes."""
    packed = as_text(gzip.compress(content, compresslevel=9, mtime=0))
    return f'<script id="carried-{name}" type="application/gzip">{packed}</script>\n'


def _worker(files: Mapping[str, bytes]) -> str:
    """The service worker, which knows the files by name and this export by their hash."""
    version = hashlib.sha256()
    for name, content in sorted(files.items()):
        version.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    names = ["./", *sorted(files)]
    text = read_text(_HILUM / "browser" / "page" / _WORKER)
    return text.replace("{{ version }}", version.hexdigest()[:16]).replace("{{ files }}", json.dumps(names))
