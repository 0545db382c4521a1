"""The blocks of the page for people who come from Nengo."""

import os
import re

import pytest

DOCS = os.path.join(os.path.dirname(__file__), "..", "..", "docs")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
RESULT = re.compile(r"^(\S.*?)  # → (.*)$")


def run(text, page):
    """Runs the blocks of a page in one namespace; returns how many results were compared."""
    names, compared = {"__name__": page}, 0
    for block in BLOCK.finditer(text):
        language, code = block.groups()
        assert language == "python", f"{page}: a block of {language or 'no language'} that nothing runs"
        line, wanted = text[: block.start()].count("\n") + 2, []

        def check(value, k, wanted=wanted):
            at, expression, result = wanted[k]
            assert str(value) == result, f"{page}, line {at}: {expression}"

        lines = code.split("\n")
        for k, source in enumerate(lines):
            found = RESULT.match(source)
            if found:
                lines[k] = f"__check__({found[1]}, {len(wanted)})"
                wanted.append((line + k, *found.groups()))
        compared += len(wanted)
        names["__check__"] = check
        exec(compile("\n" * (line - 1) + "\n".join(lines), page, "exec"), names)
    return compared


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_page_for_people_who_come_from_nengo():
    with open(os.path.join(DOCS, "from-nengo.md"), encoding="utf-8") as file:
        text = file.read()
    assert text.count("  # → ") == run(text, "from-nengo.md") >= 19


def test_a_wrong_result_and_a_block_that_nothing_runs_are_found():
    with pytest.raises(AssertionError, match="page, line 4: 1 \\+ 1"):
        run("text\n\n```python\n1 + 1  # → 3\n```\n", "page")
    with pytest.raises(AssertionError, match="a block of toml"):
        run("```toml\na = 1\n```\n", "page")
    assert run("```python\nimport nengo\n'a'  # → a\n```\n", "page") == 1


def test_names_of_memristor_nengo_are_in_the_reference():
    """Each name in the column of bouton is a field of the model file's reference."""
    with open(os.path.join(DOCS, "from-nengo.md"), encoding="utf-8") as file:
        table = file.read().split("## For people who come from Memristor-Nengo")[1]
    with open(os.path.join(DOCS, "model-file-reference.md"), encoding="utf-8") as file:
        reference = file.read()
    names = set(re.findall(r"`(?:devices|rule)\.(?:[a-z]+\.)*([a-z0-9_]+)", table))
    assert {"r0", "r1", "a", "b", "voltage", "initial", "gain", "spread", "mapping", "dead_band"} <= names
    missing = [name for name in names if f"| `{name}` |" not in reference]
    assert not missing
    for link in re.findall(r"\(model-file-reference\.md#([^)]*)\)", table):
        headings = re.findall(r"^#+ (.*)$", reference, re.M)
        assert link in [re.sub(r"[^\w\- ]", "", h).strip().lower().replace(" ", "-") for h in headings]
