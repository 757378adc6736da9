"""ES modules -> one script that needs no other file: a page that opens from a disc cannot load modules."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Final

from hilum.browser.runtime_files import RuntimeFiles

_IMPORT: Final = re.compile(r'^import (?:(?:\{([^}]*)\}|\* as (\w+)) from )?"(\.\.?/[\w./]+)";[^\n]*\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export ((?:async )?(?:function\*?|class|const) +(\w+))", re.MULTILINE)
_LEFT: Final = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_RUNTIME_EXPORT: Final = re.compile(r"^(.*)export\{([^}]*)\};\s*(?://# sourceMappingURL=\S+\s*)?$", re.DOTALL)
_WANTED: Final = ("InferenceSession", "Tensor", "env")


def bundled(modules: Mapping[str, str], entry: str) -> str:
    """The modules as one classic script, each in a scope of its own, those that are imported first.

    The modules keep to a few forms: imports and exports begin a line, imports name a file by its relative path, what is
    exported is a function, a class or a constant, and nobody imports in a circle.

    Args:
        modules: source by path.
        entry: the one that starts the page.

    Raises:
        ValueError: a module is missing, in a circle, or written in another form.
    """
    parts = [_scoped(path, modules[path]) for path in _in_order(modules, entry)]
    script = '"use strict";\n(() => {\n' + "\n".join(parts) + "\n})();\n"
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("a module holds text that ends a script inside a page")
    return script


def runtime_module(runtime: RuntimeFiles) -> str:
    """ONNX Runtime Web as a module that exports `ort`, with what the page uses of it.

    Its place is asked for only to find files beside it; here there are none, and a classic script has no place.
    """
    found = _RUNTIME_EXPORT.match(runtime.script)
    if found is None:
        raise ValueError("the runtime does not end with its exports")
    code, exported = found.groups()
    names = dict(reversed(pair.split(" as ")) for pair in exported.split(",") if " as " in pair)  # type: ignore[misc]
    members = ", ".join(f"{wanted}: {names[wanted]}" for wanted in _WANTED)
    return f"{code.replace('import.meta.url', 'document.baseURI')}\nexport const ort = {{ {members} }};\n"


def _in_order(modules: Mapping[str, str], entry: str) -> list[str]:
    """The modules that the entry needs, each behind those that it imports."""
    ordered: list[str] = []
    entered: list[str] = []

    def visit(path: str) -> None:
        if path in ordered:
            return
        if path in entered or path not in modules:
            raise ValueError(f"'{path}' is {'in a circle' if path in entered else 'missing'}, by way of {entered}")
        entered.append(path)
        for _, _, imported in _IMPORT.findall(modules[path]):
            visit(_beside(path, imported))
        entered.pop()
        ordered.append(path)

    visit(entry)
    return ordered


def _scoped(path: str, source: str) -> str:
    """A module as a constant that holds what it exports."""
    exported = ", ".join(variable for _, variable in _EXPORT.findall(source))
    body = _EXPORT.sub(r"\1", _IMPORT.sub(lambda found: _as_constant(path, found), source))
    if strange := _LEFT.search(body):
        raise ValueError(f"'{path}' has a form that the bundle does not know: {strange.group()[:80]}")
    return f"const {_variable(path)} = (() => {{\n{body.strip()}\nreturn {{ {exported} }};\n}})();\n"


def _as_constant(path: str, found: re.Match[str]) -> str:
    members, whole, imported = found.groups()
    module = _variable(_beside(path, imported))
    if whole:
        return f"const {whole} = {module};\n"
    return "" if members is None else f"const {{{members.replace(' as ', ': ')}}} = {module};\n"


def _beside(path: str, imported: str) -> str:
    """The path that an import of this module means.

    >>> _beside("browser/modules/main.js", "../../web/static/page.js")
    'web/static/page.js'
    """
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), imported))


def _variable(path: str) -> str:
    """What a module is called inside the script.

    >>> _variable("browser/modules/known_film.js")
    'module_browser_modules_known_film'
    """
    return "module_" + re.sub(r"\W", "_", path.removesuffix(".js"))
