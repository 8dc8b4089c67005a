import unicodedata

from webapp.mail.wrapping import COLUMNS, wrapped


def width(line):
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in line)


def test_words_are_kept_whole_and_lines_fit():
    lines = wrapped("word " * 40).splitlines()
    assert len(lines) > 1
    assert all(width(line) <= COLUMNS for line in lines)
    assert " ".join(lines).split() == ["word"] * 40


def test_chinese_is_broken_between_characters_and_never_before_a_mark():
    sentence = "\u4f60\u6536\u5230\u8fd9\u5c01\u4fe1\uff0c\u662f\u56e0\u4e3a\u4f60\u8ba2\u9605\u4e86\u3002"
    lines = wrapped(sentence * 9).splitlines()
    assert "".join(lines) == sentence * 9
    assert len(lines) > 3
    assert all(width(line) <= COLUMNS + 2 for line in lines)
    assert not any(line[0] in "\uff0c\u3002" for line in lines)


def test_an_address_is_never_broken():
    address = "https://example.org/" + "a" * 200
    assert address in wrapped(f"\u9000\u8ba2\uff1a {address}").splitlines()


def test_the_space_between_two_sentences_of_a_template_goes_after_a_chinese_mark():
    assert wrapped("\u597d\u3002 \u597d\u3002") == "\u597d\u3002\u597d\u3002\n"
