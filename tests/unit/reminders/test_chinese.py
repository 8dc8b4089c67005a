"""Times written in Chinese. It is Wednesday, 25 November 2026, 09:40."""

# ruff: noqa: RUF001  # what looks like another character is a Chinese one

from datetime import UTC, datetime

import pytest

from webapp.core.errors import Refused
from webapp.reminders import chinese, when

NOW = datetime(2026, 11, 25, 9, 40)
INSTANT = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)


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


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("明天上午9点", (11, 26, 9, 0)),
        ("明天 9:00", (11, 26, 9, 0)),
        ("明早八点半", (11, 26, 8, 30)),
        ("今晚8点", (11, 25, 20, 0)),
        ("今天下午三点一刻", (11, 25, 15, 15)),
        ("大后天 10:00", (11, 28, 10, 0)),
        ("后天中午12点", (11, 27, 12, 0)),
        ("周六 10:00", (11, 28, 10, 0)),
        ("周三 8:00", (12, 2, 8, 0)),
        ("这周三晚上九点", (11, 25, 21, 0)),
        ("下周一 9:00", (11, 30, 9, 0)),
        ("下下个星期天下午2点", (12, 13, 14, 0)),
        ("11月28日 周六 10:00", (11, 28, 10, 0)),
        ("十二月二十四号晚上6点", (12, 24, 18, 0)),
        ("2小时后", (11, 25, 11, 40)),
        ("两个半小时后", (11, 25, 12, 10)),
        ("半小时后", (11, 25, 10, 10)),
        ("3天后", (11, 28, 9, 40)),
        ("二十分钟之后", (11, 25, 10, 0)),
        ("9点", (11, 26, 9, 0)),
        ("23点", (11, 25, 23, 0)),
        ("明天25点", None),
        ("2月30日 9:00", None),
        ("十十点", None),
    ],
)
def test_a_time_in_chinese_is_understood_where_any_is(words, meant):
    if meant is None:
        with pytest.raises(Refused):
            when.read(words, "Asia/Shanghai", INSTANT)
    else:
        assert when.read(words, "Asia/Shanghai", INSTANT) == datetime(2026, *meant)


def test_a_day_that_is_over_this_year_is_next_years():
    assert when.read("3月14日 8:00", "Asia/Shanghai", INSTANT) == datetime(2027, 3, 14, 8)
    assert when.read("2027年3月14日 2:30", "Asia/Shanghai", INSTANT) == datetime(2027, 3, 14, 2, 30)
