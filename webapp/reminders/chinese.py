"""Times as people write them in Chinese: 明天上午9点, 下周一 9:00, 11月28日 周六 10:00, 半小时后."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

NUMERALS = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
NUMBER = "[0-9零一二两三四五六七八九十]+"
DAYS = {"今": 0, "明": 1, "后": 2, "大后": 3}
WEEKDAYS = "一二三四五六日"
UNITS = {"分钟": timedelta(minutes=1), "小时": timedelta(hours=1), "天": timedelta(days=1), "周": timedelta(weeks=1)}
LATER = re.compile(
    rf"(?P<half>半)个?小时[之以]?后|(?P<count>{NUMBER})个?(?P<unit>分钟|小时|天|周|星期)(?P<more>半)?[之以]?后"
)
AT = re.compile(
    rf"""(?:(?P<near>今|明|大后|后)(?:天|(?=[早晚]))
        |(?P<week>下+|这|本)?个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])
        |(?:(?P<year>\d{{4}})年)?(?P<month>{NUMBER})月(?P<day>{NUMBER})[日号](?:(?:周|星期)[一二三四五六日天])?
    )?
    (?P<part>凌晨|清晨|早上|早晨|早|上午|中午|下午|傍晚|晚上|晚)?
    (?P<hour>{NUMBER})(?:[:：](?P<minute>\d{{2}})|[点时](?:(?P<half>半)|(?P<quarter>一刻)|(?P<minutes>{NUMBER})分?)?钟?整?)""",  # noqa: RUF001
    re.VERBOSE,
)
AFTER_NOON = {"下午", "傍晚", "晚上", "晚"}


def read(words: str, now: datetime) -> datetime | None:
    """The naive wall time that is meant at ``now``, a naive one too; None for what this does not understand.

    A time without a day is the next one, a weekday the next such day. Raises ValueError for a day that does not exist.
    """
    words = re.sub(r"\s+", "", words)
    if found := LATER.fullmatch(words):
        return now + _span(found)
    found = AT.fullmatch(words)
    if found is None:
        return None
    at = _time(found)
    if found["near"]:
        return datetime.combine(now.date() + timedelta(days=DAYS[found["near"]]), at)
    if found["weekday"]:
        return _on_weekday(found, at, now)
    if found["month"]:
        return _on_date(found, at, now)
    today = datetime.combine(now.date(), at)
    return today if today > now else today + timedelta(days=1)


def _span(found: re.Match[str]) -> timedelta:
    if found["half"]:
        return timedelta(minutes=30)
    unit = UNITS["周" if found["unit"] == "星期" else found["unit"]]
    return unit * _number(found["count"]) + (unit / 2 if found["more"] else timedelta(0))


def _time(found: re.Match[str]) -> time:
    hour = _number(found["hour"])
    if (found["part"] in AFTER_NOON and hour < 12) or (found["part"] == "中午" and hour < 11):
        hour += 12
    minute = 30 if found["half"] else 15 if found["quarter"] else _number(found["minute"] or found["minutes"] or "0")
    return time(hour, minute)


def _on_weekday(found: re.Match[str], at: time, now: datetime) -> datetime:
    weekday = WEEKDAYS.index(found["weekday"].replace("天", "日"))
    monday = now.date() - timedelta(days=now.weekday())
    wanted = datetime.combine(monday + timedelta(days=weekday), at)
    if found["week"]:
        return wanted + timedelta(weeks=found["week"].count("下"))
    return wanted if wanted > now else wanted + timedelta(weeks=1)


def _on_date(found: re.Match[str], at: time, now: datetime) -> datetime:
    month, day = _number(found["month"]), _number(found["day"])
    if found["year"]:
        return datetime.combine(date(int(found["year"]), month, day), at)
    this_year = datetime.combine(date(now.year, month, day), at)
    return this_year if this_year > now else datetime.combine(date(now.year + 1, month, day), at)


def _number(written: str) -> int:
    """A number below a hundred as people write it, or any in digits."""
    if written.isascii():
        return int(written)
    tens, ten, ones = written.rpartition("十")
    if not ten:
        return int("".join(str(NUMERALS.get(each, each)) for each in written))
    return 10 * (NUMERALS[tens] if tens else 1) + (NUMERALS[ones] if ones else 0)
