"""What compares without case: letters, widths and compositions, and nothing else."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from precis_i18n import get_profile

from scim_provisioning.protocol.fold import LATIN, fold, readings

PRECIS = get_profile("UsernameCaseMapped")
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("ÀÉÎ", "àéî"),
        ("e\u0301", "\u00c9"),
        ("\uff21\uff44\uff41", "ada"),
        ("\uff76\uff9e", "\u30ac"),
        ("ΟΔΟΣ", "οδος"),
        ("ΟΔΟΣ", "οδοσ"),
        ("\u212b", "\u00e5"),
        ("ЯНА", "яна"),
        ("\u1e9e", "ß"),
    ],
)  # fmt: skip
@pytest.mark.scim("A081", "A182")
def test_case_width_and_composition_do_not_count(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("e", "é"),
        ("ß", "ss"),
        ("i", "ı"),
        ("ﬁ", "fi"),
        ("²", "2"),
        ("a", "а"),
        ("a b", "ab"),
        ("a", "a "),
        ("", " "),
    ],
)
def test_other_letters_stay_other_letters(one, other):
    assert fold(one) != fold(other)


@given(TEXT)
def test_a_fold_folds_to_itself(text):
    assert fold(fold(text)) == fold(text)


@given(TEXT)
def test_compositions_of_a_text_fold_alike(text):
    folds = {fold(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")}
    assert folds == {fold(text)}


@given(TEXT)
def test_lower_case_of_a_text_folds_alike_but_for_the_last_sigma(text):
    assert fold(text.lower()) == fold(text)


@given(st.text(st.characters(codec="ascii")))
def test_the_fast_path_gives_what_the_slow_one_gives(text):
    assert fold(text + "é") == fold(text) + "é"


@given(st.lists(st.sampled_from("aAéÉßΣσςЯ@. 1"), min_size=2).map("".join))
def test_a_part_of_a_text_folds_to_a_part_of_its_fold(text):
    assert all(fold(one + other) in fold(text) for one, other in pairwise(text))


def precis(text):
    """Return what the PRECIS profile makes of a text, None where it refuses it."""
    try:
        return PRECIS.enforce(text)
    except UnicodeEncodeError:
        return None


@pytest.mark.scim("A081", "A077")
def test_the_fold_is_what_precis_makes_of_each_character_that_it_accepts():
    texts = [f"a{chr(point)}" for point in range(0x30000) if not 0xD800 <= point < 0xE000]
    accepted = {text: made for text in texts if (made := precis(text)) is not None}
    assert len(accepted) > 100_000
    wrong = {text for text, made in accepted.items() if fold(text) != made.replace("ς", "σ")}
    assert wrong == set()


@pytest.mark.scim("A081")
@pytest.mark.parametrize("text", ["Ada Lovelace", "ﬁona", "ada🙂", "ada\u200b", "Ⅸ", "a\u00a0b"])
def test_what_precis_refuses_is_compared_all_the_same(text):
    assert precis(text) is None
    assert fold(f"X{text}") == f"x{fold(text)}"


@pytest.mark.parametrize(
    ("name", "looks"),
    {
        "Ada": "ada",
        " ada ": "ada",
        "a\u200bd\u00ada\ufe0f": "ada",
        "\u202eada": "ada",
        "\uff21da": "ada",
        "b\u0131ll": "bill",
        "B\u0130LL": "bill",
        "Zo\u00eb": "zo\u00eb",
        "\u0434da": "\u0434da",
        "a b": "a b",
    }.items(),
    ids=ascii,
)
def test_a_reading_is_what_people_take_a_name_for(name, looks):
    assert readings(name) == {looks}


@pytest.mark.parametrize(
    ("name", "latin"),
    {
        "\u0430d\u043c\u0456n": "admin",
        "\u0410D\u041cIN": "admin",
        "\u03b1dmin": "admin",
        "b\u043ess": "boss",
        "Zo\u00eb.\u0420": "zo\u00eb.p",
        "\u0430\u200bda": "ada",
    }.items(),
    ids=ascii,
)
def test_letters_drawn_as_latin_ones_are_read_as_such_too(name, latin):
    assert readings(name) == {latin, *readings(name)}
    assert readings(name) != {latin}


def test_a_name_of_another_script_keeps_its_own_reading():
    name = "\u0430\u043d\u043d\u0430"
    assert name in readings("\u0430\u043d\u200b\u043d\u0430")
    assert readings("\u0434\u0430\u043d\u0430") == {"\u0434\u0430\u043d\u0430"}


def test_a_likeness_is_one_letter_for_one_and_no_latin_one():
    assert all(chr(other) > "\u024f" and chr(letter).isascii() for other, letter in LATIN.items())
