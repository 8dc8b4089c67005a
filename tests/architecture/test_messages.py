"""Everything that is said can be said in every language, and no rule speaks past the catalogue."""

import ast
import importlib.util
from pathlib import Path

import pytest

import config

ROOT = Path(__file__).resolve().parents[2]
WEBAPP = ROOT / "webapp"
specification = importlib.util.spec_from_file_location("messages", ROOT / "bin" / "messages.py")
messages = importlib.util.module_from_spec(specification)
specification.loader.exec_module(messages)

OPERATORS_ONLY = {"ops/backups/restoring.py"}  # a class of its own, seen on the command line
SAID_BY_RULES = {"Refused": 1, "Conflict": 0}


@pytest.fixture(scope="module")
def said():
    return messages.said()


def test_there_is_a_catalogue_for_every_language_but_english():
    found = {file.parts[-3].replace("_", "-") for file in messages.catalogues()}
    assert found == set(config.LANGUAGES) - {"en"}


@pytest.mark.parametrize("file", messages.catalogues(), ids=lambda file: file.parts[-3])
def test_every_sentence_is_translated(said, file):
    """`make messages` brings the catalogue up to date; then translate what it lists."""
    assert len(said) > 500
    assert messages.faults(messages.catalogues()[file], said) == []


@pytest.mark.parametrize(
    ("translation", "fault"),
    [
        (None, "not translated"),
        ("", "not translated"),
        ("欢迎。", "lost a place"),
        ("欢迎%(nane)s。", "has a place the English has not"),
    ],
)
def test_a_translation_that_is_missing_or_has_other_places_is_a_fault(translation, fault):
    wanted, catalogue = messages.Catalog(), messages.Catalog(locale="zh_Hans")
    wanted.add("Welcome, %(name)s.")
    if translation is not None:
        catalogue.add("Welcome, %(name)s.", translation)
    (found,) = messages.faults(catalogue, wanted)
    assert found.startswith(fault)


def test_a_guess_and_a_sentence_that_nobody_says_are_faults():
    wanted, catalogue = messages.Catalog(), messages.Catalog(locale="zh_Hans")
    wanted.add("Saved.")
    catalogue.add("Saved.", "已保存。", flags=["fuzzy"])
    catalogue.add("Stored.", "已保存。")
    assert [line.partition(":")[0] for line in messages.faults(catalogue, wanted)] == ["not sure", "said no more"]


@pytest.mark.parametrize("file", sorted(WEBAPP.rglob("*.py")), ids=lambda file: str(file.relative_to(WEBAPP)))
def test_what_a_rule_says_is_translated(file):
    if str(file.relative_to(WEBAPP)) in OPERATORS_ONLY:
        return
    for call in ast.walk(ast.parse(file.read_text())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in SAID_BY_RULES:
            sentence = call.args[SAID_BY_RULES[call.func.id]]
            assert not isinstance(sentence, ast.Constant | ast.JoinedStr), f"line {call.lineno}: use words._"
