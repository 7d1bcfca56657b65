"""Translation: every text of the window is written in English and said in the reader's language where it is shown.

`resources/translations/overread_<language>.json` holds one object: the English text, and what is said for it. `{}` in
both stands for a part that changes ("Undo {}"), which is itself translated where it is known; `{0}`, `{1}` put the
parts in another order. `python -m desktop_app.translation collect` brings the files up to date with the code: new texts
come with an empty translation, and those no longer used go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Literal, cast

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

LanguageName = Literal["", "en", "de"]
LANGUAGES: Mapping[LanguageName, str] = {"": "As the system", "en": "English", "de": "Deutsch"}
CONTEXT = "Overread"
_LEAST_LETTERS = 3
"""A pattern with fewer letters of its own would match what it is not meant for."""


def tr(text: str) -> str:
    """A text as it is said in the language of the window."""
    return QCoreApplication.translate(CONTEXT, text) if text else ""


def texts_of(language: str) -> dict[str, str]:
    """What is said in a language; empty for English and where there is no file."""
    file = files("resources").joinpath("translations", f"overread_{language}.json")
    return cast("dict[str, str]", json.loads(file.read_text("utf-8"))) if file.is_file() else {}


def language_of(setting: LanguageName) -> str:
    """The language to use: the one set, else the first of the system's that there is, else English."""
    if setting:
        return setting
    wanted = (name.replace("_", "-").split("-")[0] for name in QLocale.system().uiLanguages())
    return next((name for name in wanted if name in LANGUAGES), "en")


class Said(QTranslator):
    """Translates by a dictionary of texts and patterns; what is Qt's own is left to `others`."""

    def __init__(self, texts: Mapping[str, str], others: QTranslator) -> None:
        super().__init__()
        self._others = others
        self._exact = {text: said for text, said in texts.items() if said and "{}" not in text}
        with_parts = ((text, said) for text, said in texts.items() if said and "{}" in text and is_pattern(text))
        ordered = sorted(with_parts, key=lambda pair: -len(pair[0]))
        self._patterns = tuple((matcher(text), said) for text, said in ordered)
        self.say = lru_cache(maxsize=4096)(self._say)

    def isEmpty(self) -> bool:
        """Whether it says nothing; Qt asks before it uses it."""
        return not self._exact

    def translate(self, context: str, source_text: str, disambiguation: str | None = None, n: int = -1) -> str:
        """What is said for a text, else the text itself: Qt would take an empty answer for a translation."""
        if context == CONTEXT:
            return self.say(source_text) or source_text
        return self._others.translate(context, source_text, disambiguation, n) or source_text

    def _say(self, text: str) -> str | None:
        known = self._exact.get(text)
        if known is not None or not re.search(r"[^\W\d_]{2}", text):
            return known
        for pattern, said in self._patterns:
            found = pattern.fullmatch(text)
            if found is not None:
                parts = [self._say(part) or self._say(part[:1].upper() + part[1:]) or part for part in found.groups()]
                return said.format(*parts)
        return None


def matcher(text: str) -> re.Pattern[str]:
    """What finds the texts made from a pattern, and their parts."""
    return re.compile("(.*)".join(map(re.escape, text.split("{}"))), re.DOTALL)


def is_pattern(text: str) -> bool:
    """Whether enough of a text with parts is its own, so that it can be told from others."""
    return len(re.findall(r"[^\W\d_]", text)) >= _LEAST_LETTERS


class Language:
    """The language of the application; holds its translators, for Qt does not."""

    def __init__(self) -> None:
        self.name = "en"
        self._installed: list[QTranslator] = []

    def use(self, setting: LanguageName) -> bool:
        """Speak a language from now on; whether it is another than before."""
        name = language_of(setting)
        if name == self.name:
            return False
        for translator in self._installed:
            QCoreApplication.removeTranslator(translator)
        self.name, self._installed = name, []
        texts = texts_of(name)
        if texts:
            qt = QTranslator()
            ours = Said(texts, qt)
            qt.load(f"qtbase_{name}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
            QCoreApplication.installTranslator(ours)
            self._installed = [ours]
        return True


if __name__ == "__main__":
    import runpy

    runpy.run_module("desktop_app.translation_texts", run_name="__main__")
