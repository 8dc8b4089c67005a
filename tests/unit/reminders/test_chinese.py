"""Times written in Chinese. It is Wednesday, 25 November 2026, 09:40."""

# ruff: noqa: RUF001  # what looks like another character is a Chinese one

from datetime import datetime

import pytest

from webapp.reminders import chinese

NOW = datetime(2026, 11, 25, 9, 40)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("明天上午9点", datetime(2026, 11, 26, 9)),
        ("明天 上午 ９：３０", datetime(2026, 11, 26, 9, 30)),
        ("今晚八点半", datetime(2026, 11, 25, 20, 30)),
        ("后天下午3点半", datetime(2026, 11, 27, 15, 30)),
        ("大后天", datetime(2026, 11, 28, 9)),
        ("周五17:00", datetime(2026, 11, 27, 17)),
        ("下周五 17:00", datetime(2026, 12, 4, 17)),
        ("下星期一早上八点一刻", datetime(2026, 11, 30, 8, 15)),
        ("这周日", datetime(2026, 11, 29, 9)),
        ("12月1日晚上8点", datetime(2026, 12, 1, 20)),
        ("三月十五号", datetime(2027, 3, 15, 9)),
        ("2027年3月14日凌晨2点30分", datetime(2027, 3, 14, 2, 30)),
        ("28号中午", datetime(2026, 11, 28, 12)),
        ("中午十二点", datetime(2026, 11, 25, 12)),
        ("上午9点", datetime(2026, 11, 26, 9)),
        ("两小时后", datetime(2026, 11, 25, 11, 40)),
        ("一个半小时后", datetime(2026, 11, 25, 11, 10)),
        ("半小时后", datetime(2026, 11, 25, 10, 10)),
        ("10分钟以后", datetime(2026, 11, 25, 9, 50)),
        ("三天后", datetime(2026, 11, 28, 9, 40)),
        ("半年后", datetime(2027, 5, 25, 9, 40)),
        ("六个月之后", datetime(2027, 5, 25, 9, 40)),
    ],
)
def test_a_time_in_chinese_is_read(words, expected):
    assert chinese.read(words, NOW) == expected


@pytest.mark.parametrize(
    "words", ["", "明天25点", "2月30日", "十十十点", "你好", "tomorrow", "13月1日", "99号", "9999年后", "一二点"]
)
def test_what_is_no_time_is_left_to_others(words):
    assert chinese.read(words, NOW) is None
