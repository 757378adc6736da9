"""Modules become one script that needs no other file."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from hilum.browser.bundle import bundled, runtime_module
from hilum.browser.runtime_files import RuntimeFiles


def test_names_of_different_modules_do_not_meet(browser: Browser) -> None:
    modules = {
        "a/one.js": "const secret = 1;\nexport function fill() { return secret; }\nexport const more = 5;\n",
        "a/two.js": "const secret = 2;\nexport async function fill() { return secret; }\nexport class Kept {}\n",
        "entry.js": 'import { fill, more as rest } from "./a/one.js";\nimport * as two from "./a/two.js"; // why\n'
        'import "./b.js";\nglobalThis.said = (async () => [fill(), rest, await two.fill(), typeof two.Kept])();\n',
        "b.js": "globalThis.first = true;\n",
        "unused.js": "throw new Error();\n",
    }
    page = browser.new_page()
    page.add_script_tag(content=bundled(modules, "entry.js"))
    assert page.evaluate("said") == [1, 5, 2, "function"]
    page.close()


@pytest.mark.parametrize(
    ("modules", "word"),
    [
        ({"entry.js": 'import { a } from "./gone.js";\n'}, "missing"),
        ({"entry.js": 'import "./b.js";\n', "b.js": 'import "./entry.js";\n'}, "circle"),
        ({"entry.js": "export default 4;\n"}, "form"),
        ({"entry.js": "export { a };\n"}, "form"),
        ({"entry.js": "import x from './x.js';\n"}, "form"),
        ({"entry.js": 'const a = "</SCRIPT>";\n'}, "ends a script"),
    ],
)
def test_what_the_bundle_does_not_know_is_refused(modules: dict[str, str], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        bundled(modules, "entry.js")


def test_runtime_gives_what_the_page_uses_under_its_own_names() -> None:
    exported = "export{a as InferenceSession,b as Tensor,c as env,a as default};\n//# sourceMappingURL=x\n"
    script = f"var a=1,b=2,c=import.meta.url;{exported}"
    module = runtime_module(RuntimeFiles(script, b""))
    assert "export const ort = { InferenceSession: a, Tensor: b, env: c };" in module
    assert "import.meta" not in module


def test_runtime_without_exports_at_its_end_is_refused() -> None:
    with pytest.raises(ValueError, match="exports"):
        runtime_module(RuntimeFiles("var a = 1;", b""))
