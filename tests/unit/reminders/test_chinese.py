"""Times in Chinese, on Wednesday 25 November 2026, 09:40."""

from datetime import UTC, datetime

import pytest

from webapp.core.errors import Refused
from webapp.reminders import when

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)


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
        ("两个半小时后", None),
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
def test_a_time_in_chinese_is_read(words, meant):
    if meant is None:
        with pytest.raises(Refused):
            when.read(words, "Asia/Shanghai", NOW)
    else:
        assert when.read(words, "Asia/Shanghai", NOW) == datetime(2026, *meant)


def test_a_day_that_is_over_this_year_is_next_years():
    assert when.read("3月14日 8:00", "Asia/Shanghai", NOW) == datetime(2027, 3, 14, 8)
    assert when.read("2027年3月14日 2:30", "Asia/Shanghai", NOW) == datetime(2027, 3, 14, 2, 30)
