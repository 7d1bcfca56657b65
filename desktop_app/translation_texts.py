"""The texts of the window, collected from its code, and the files of translations kept true to them."""

from __future__ import annotations

import ast
import json
import re
import string
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from desktop_app.translation import LANGUAGES, is_pattern, texts_of

CODE = Path(__file__).parent
FOLDER = CODE.parent / "resources" / "translations"
SAYING = frozenset(
    {
        *("tr", "label", "push", "tool_button", "slider", "Chooser", "chooser", "Empty", "say", "Section", "Number"),
        *("setText", "setToolTip", "setAccessibleName", "setAccessibleDescription", "setPlaceholderText", "addItem"),
        *("setWindowTitle", "setSuffix", "setPrefix", "addButton", "setInformativeText", "setTitle", "addAction"),
        *("QCheckBox", "QRadioButton", "QPushButton", "QLabel", "QAction", "QToolButton", "QGroupBox"),
        *("ActionRow", "_row", "add_chief", "add_form", "Field", "Spinner", "key_text", "setHeaderLabels"),
        *("getOpenFileName", "getOpenFileNames", "getExistingDirectory", "getSaveFileName"),
        *("_tell", "_scroll", "tell", "_number", "Elided", "Words", "told", "Edit"),
    }
)
"""Calls whose words reach a person."""
NAMED = frozenset(
    {"title", "tip", "text", "hint", "TITLE", "MENUS", "MOUSE", "THEMES", "DEVICES", "RUN", "COLOURS", "AXES"}
)
"""Names of the code that hold words for a person, beside tables in capitals."""
NOT_WORDS = frozenset({"name", "icon", "key", "keys", "menu_id", "scope", "is_on"})
"""Arguments that are no words."""
WORDING = ("text", "title", "why_not", "_tip", "_name", "time_left", "share")
"""Functions whose names end so answer with words."""
STATES = (
    *("unseen", "in progress", "confirmed empty", "labelled", "reviewed"),
    *("proposed", "accepted", "corrected", "drawn", "rejected"),
)
"""States of cases and marks, which the code writes as the dataset does."""
_TINY = 2
_KEY = re.compile(
    r"((Ctrl|Shift|Alt|Meta)\+)*([A-Z0-9{}.,]|[A-Z0-9]{8,}|Ctrl|Shift|Alt|Pg\w+|Return|Backspace|Escape)*"
)


def main(arguments: list[str]) -> int:
    """Bring the files of all languages up to date; returns the exit code."""
    if arguments != ["collect"]:
        sys.stderr.write("usage: python -m desktop_app.translation collect\n")
        return 2
    wanted = collected()
    for language in (name for name in LANGUAGES if name not in {"", "en"}):
        known = texts_of(language)
        texts = {text: known.get(text, "") for text in sorted(wanted, key=str.casefold)}
        FOLDER.mkdir(exist_ok=True)
        path = FOLDER / f"overread_{language}.json"
        path.write_text(json.dumps(texts, ensure_ascii=False, indent=1) + "\n", "utf-8")
        missing = sum(not said for said in texts.values())
        gone = len(known.keys() - wanted)
        sys.stdout.write(f"{path.name}: {len(texts)} texts, {missing} not translated, {gone} gone\n")
    return 0


def collected() -> frozenset[str]:
    """Every text that the code of the window shows, with `{}` for what changes."""
    found: set[str] = set(STATES)
    for path in sorted(CODE.rglob("*.py")):
        if "commands" in path.parts or path.name in {"demo.py", "commandline.py", "command.py"}:
            continue
        found.update(_texts(ast.parse(path.read_text("utf-8"))))
    return frozenset(found)


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node.func) == "tr":
            yield from (
                part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )
        elif isinstance(node, ast.Call) and _is_saying(node.func):
            yield from _words([*node.args, *_said_by_name(node)])
        elif isinstance(node, ast.Call) and _called(node.func) == "__init__":
            yield from _words(node.args)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and _is_named(node):
            yield from _words([node.value] if node.value is not None and not _is_named(node, "FAMILIES") else [])
        elif isinstance(node, ast.FunctionDef) and node.name.endswith(
            ("text", "title", "why_not", "_tip", "_name", "time_left")
        ):
            returned = [
                part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value is not None
            ]
            yield from _words(returned)


def _said_by_name(call: ast.Call) -> Iterator[ast.expr]:
    """The values of arguments by name that are words; a name made by a function is one."""
    for word in call.keywords:
        if word.arg not in NOT_WORDS or isinstance(word.value, ast.Lambda):
            yield word.value


def _is_saying(function: ast.expr) -> bool:
    called = _called(function)
    if called == "emit" and isinstance(function, ast.Attribute):
        return _called(function.value) in {"told", "note_changed"}
    return called in SAYING


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_named(node: ast.Assign | ast.AnnAssign, only: str = "") -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    names |= {target.attr for target in targets if isinstance(target, ast.Attribute)}
    if only:
        return only in names
    return bool(names & NAMED) or any(name.isupper() and name.endswith(("S", "_TEXT", "TEXT")) for name in names)


def _words(parts: Iterable[ast.expr]) -> Iterator[str]:
    """The texts within expressions, except those of calls within them, which are looked at on their own."""
    for part in parts:
        if isinstance(part, ast.Constant):
            if isinstance(part.value, str) and _is_word(part.value):
                yield part.value.strip()
        elif isinstance(part, ast.JoinedStr):
            text = _pattern(part)
            if is_pattern(text.replace("{}", "")) and _is_word(text):
                yield text.strip()
            yield from _words(piece.value for piece in part.values if isinstance(piece, ast.FormattedValue))
        elif isinstance(part, ast.Call):
            if isinstance(part.func, ast.Attribute):
                yield from _words([part.func.value])
        elif isinstance(part, ast.Compare | ast.Subscript | ast.Attribute):
            continue
        else:
            yield from _words(child for child in ast.iter_child_nodes(part) if isinstance(child, ast.expr))


def _pattern(text: ast.JoinedStr) -> str:
    return "".join(str(piece.value) if isinstance(piece, ast.Constant) else "{}" for piece in text.values)


def _is_word(text: str) -> bool:
    """Whether a string is said to a person: words, not a name of the code, an icon, a key or a path."""
    plain = text.strip()
    letters = [letter for letter in plain if letter.isalpha()]
    if len(letters) < _TINY or plain.startswith(("http", "*", ".", "#", "/")):
        return False
    if _KEY.fullmatch(plain) or not re.search(r"[^\W\d_]{2}", plain.replace("{}", "")):
        return False
    if plain[0] in string.ascii_lowercase and " " not in plain and not plain.endswith("…"):
        return False
    return not any(mark in plain for mark in ("::", "__", ";;", "\n", "/*"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
