"""The catalogues of translations, kept in step with the sources.

``python -m tests.translations.catalogues`` adds to each what is new in the sources, takes away
what is gone, compiles what is translated, and says what is not.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import PoFileParser, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("de",)
SOURCES = {
    "scim_provisioning": ["scim_provisioning"],
    "onboarding": ["onboarding"],
    "kyvos_portal": ["kyvos_portal", "templates"],
}
"""The app that has the catalogue → the folders that its messages are in."""
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
}


HEAD = "# Translations of the pages and mails; kept by tests/translations/catalogues.py."


class Kept(Catalog):
    """A catalogue that does not say which Babel wrote it: a newer one would change every file."""

    @Catalog.mime_headers.getter
    def mime_headers(self) -> list[tuple[str, str]]:
        """Return the headers but for that one; the last ends the line."""
        headers = Catalog.mime_headers.fget(self)
        *rest, (name, value) = [pair for pair in headers if pair[0] != "Generated-By"]
        return [*rest, (name, f"{value}\n")]


def path(app: str, language: str) -> Path:
    """Return where a catalogue is."""
    return ROOT / app / "locale" / language / "LC_MESSAGES" / "django.po"


def read(app: str, language: str) -> Catalog:
    """Return a catalogue as it is kept; an empty one where there is none."""
    catalog, kept = Kept(language, None, "django", HEAD, "kyvos-portal"), path(app, language)
    if kept.exists():
        with kept.open("rb") as file:
            PoFileParser(catalog).parse(file)
    return catalog


def found(app: str) -> Catalog:
    """Return what the sources of an app have to translate."""
    catalog = Catalog(domain="django", charset="utf-8")
    for source in _sources(app):
        name = str(source.relative_to(ROOT))
        for _, message, comments, context in extract(
            "python", io.BytesIO(_text(source).encode()), KEYWORDS, comment_tags=["Translators:"]
        ):
            catalog.add(message, locations=[(name, None)], context=context, auto_comments=comments)
    return catalog


def _sources(app: str) -> Iterator[Path]:
    for folder in SOURCES[app]:
        for suffix in ("py", "html", "txt"):
            yield from sorted((ROOT / folder).rglob(f"*.{suffix}"))


def _text(source: Path) -> str:
    """Return a source as Python; a template as Django makes it for such tools."""
    text = source.read_text()
    if source.suffix == ".py":
        return text
    return "\n".join(line.lstrip() for line in templatize(text).splitlines())


def names_of_functions(app: str) -> Iterator[str]:
    """Yield the names under which the sources of an app import functions that mark texts."""
    trees = (ast.parse(_text(source)) for source in _sources(app) if source.suffix == ".py")
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            yield from (one.asname or one.name for one in node.names if "gettext" in one.name)


def translated_at_import(app: str) -> Iterator[str]:
    """Yield where texts are translated while a module is imported: in no reader's language."""
    for source in (source for source in _sources(app) if source.suffix == ".py"):
        tree = ast.parse(_text(source))
        names = {
            one.asname or one.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
            for one in node.names
            if not one.name.endswith(("_lazy", "_noop"))
        }
        for node in _run_at_import(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
                yield f"{source.relative_to(ROOT)}:{node.lineno}"


def _run_at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what an import runs: of a function its decorators and defaults, not its body."""
    for node in ast.iter_child_nodes(tree):
        yield node
        is_function = isinstance(node, ast.FunctionDef)
        for part in (*node.decorator_list, node.args) if is_function else (node,):
            if not isinstance(part, ast.Lambda):
                yield from _run_at_import(part)


def compiled(catalog: Catalog) -> bytes:
    """Return a catalogue as gettext reads it."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def untranslated(catalog: Catalog) -> list[str]:
    """Return what has no translation, or one that somebody has to look at."""
    return [str(m.id) for m in catalog if m.id and (m.fuzzy or not _strings(m.string))]


def _strings(string: Any) -> bool:
    return all(string) if isinstance(string, tuple) else bool(string)


def kept_mo(app: str, language: str) -> dict[Any, Any]:
    """Return what gettext reads of a compiled catalogue, but for its header."""
    with path(app, language).with_suffix(".mo").open("rb") as file:
        return {_key(m.id): _key(m.string) for m in read_mo(file) if m.id}


def _key(text: Any) -> Any:
    return tuple(text) if isinstance(text, list) else text


def update(app: str, language: str) -> Catalog:
    """Bring a catalogue up to date and compile it; return it."""
    catalog, kept = read(app, language), path(app, language)
    template = found(app)
    # A catalogue changes when its messages do, not when somebody looks.
    template.creation_date = catalog.creation_date
    catalog.update(template, no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.open("wb") as file:
        write_po(
            file, catalog, width=100, omit_header=False, sort_output=True, include_lineno=False
        )
    kept.with_suffix(".mo").write_bytes(compiled(read(app, language)))
    return catalog


if __name__ == "__main__":
    for app in SOURCES:
        for language in LANGUAGES:
            missing = untranslated(update(app, language))
            print(f"{app} {language}: {len(missing)} not translated", *missing, sep="\n  ")
