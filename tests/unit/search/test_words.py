"""What counts as the same word."""

import unicodedata

from webapp.search import words


def test_folding_keeps_every_character_in_its_place_and_is_the_same_by_the_quick_way():
    every = [chr(number) for number in range(0x110000) if unicodedata.category(chr(number)) not in {"Cs", "Cn", "Co"}]
    for character in every:
        folded = words.fold(character)
        assert len(folded) == 1, ascii(character)
        assert words.fold(f"{character}\u0396")[0] == folded, ascii(character)
    assert words.fold("ÉCOLE ΣΟΦΟΣ Straße 小雪") == "ecole σοφοσ straße 小雪"
