"""Times written in Chinese: 明天上午9点, 下周五 17:00, 两小时后, 12月1日晚上8点半."""

# ruff: noqa: RUF001  # what looks like another character is a Chinese one

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta

DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
NUMBER = r"(?:\d{1,4}|[零〇一二两三四五六七八九十]{1,3})"
WEEKDAYS = {character: number for number, character in enumerate("一二三四五六日")} | {"天": 6}
DAYS = {"今": 0, "明": 1, "后": 2, "大后": 3}
NINE = 9

UNITS = {
    "分钟": "minutes", "分": "minutes", "小时": "hours", "钟头": "hours", "天": "days", "日": "days",
    "周": "weeks", "星期": "weeks", "礼拜": "weeks", "月": "months", "年": "years",
}  # fmt: skip
HALVES = {"hours": relativedelta(minutes=30), "days": relativedelta(hours=12), "years": relativedelta(months=6)}
LATER = re.compile(rf"(?P<count>{NUMBER}|半)个?(?P<half>半)?(?P<unit>{'|'.join(UNITS)})(?P<more>半)?[以之]?后")
DAY = (
    r"(?:(?P<near>大后|今|明|后)[天日]?"
    r"|(?P<week>下下|下|这|本)?个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])"
    rf"|(?:(?P<year>\d{{4}})年)?(?P<month>{NUMBER})月(?P<day>{NUMBER})[日号]?(?:(?:周|星期|礼拜)[一二三四五六日天])?"
    rf"|(?P<only>{NUMBER})[日号])"
)
PART = r"(?P<part>凌晨|清晨|早晨|早上|上午|早|中午|下午|傍晚|晚上|夜里|晚)"
TIME = (
    rf"(?:(?P<hour>{NUMBER})[点时](?:钟|整)?(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>{NUMBER})分?)?"
    r"|(?P<clock>\d{1,2}:\d{2}))"
)
MOMENT = re.compile(rf"{DAY}?{PART}?{TIME}?")
USUAL = {"中午": 12, "下午": 15, "傍晚": 18, "晚上": 20, "夜里": 22, "晚": 20, "凌晨": 1, "清晨": 6}


def read(words: str, now: datetime) -> datetime | None:
    """The naive wall time, from a naive ``now``; None for what this does not read. A day without a time means 09:00."""
    words = re.sub(r"[\s,，。在的]", "", unicodedata.normalize("NFKC", words))
    if (later := LATER.fullmatch(words)) is not None:
        return _later(later, now)
    moment = MOMENT.fullmatch(words)
    if not words or moment is None:
        return None
    try:
        day = _day(moment, now)
        hour, minute = _time(moment)
        found = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001  # a wall time
    except (ValueError, OverflowError, KeyError):
        return None
    if found > now or any(moment[name] for name in ("near", "week", "month", "only")):
        return found
    return found + timedelta(days=7 if moment["weekday"] else 1)


def _later(match: re.Match[str], now: datetime) -> datetime | None:
    unit = UNITS[match["unit"]]
    try:
        if match["count"] == "半":
            half = HALVES.get(unit)
            return now + half if half is not None else None
        length = relativedelta(**{unit: _number(match["count"])})  # type: ignore[arg-type]  # its own names
        later = now + length
    except (ValueError, OverflowError, KeyError):
        return None
    return later + timedelta(minutes=30) if (match["half"] or match["more"]) and unit == "hours" else later


def _day(match: re.Match[str], now: datetime) -> datetime:
    if match["near"]:
        return now + timedelta(days=DAYS[match["near"]])
    if match["weekday"]:
        ahead = WEEKDAYS[match["weekday"]] - now.weekday()
        if match["week"] is None:
            return now + timedelta(days=ahead % 7)
        return now + timedelta(days=ahead + 7 * {"下": 1, "下下": 2}.get(match["week"], 0))
    if match["month"]:
        year = int(match["year"] or now.year)
        found = datetime(year, _number(match["month"]), _number(match["day"]))  # noqa: DTZ001  # a wall time
        return found if match["year"] or found.date() >= now.date() else found.replace(year=year + 1)
    if match["only"]:
        found = now.replace(day=_number(match["only"]))
        return found if found.date() >= now.date() else found + relativedelta(months=1)
    return now


def _time(match: re.Match[str]) -> tuple[int, int]:
    part = match["part"] or ""
    if match["clock"]:
        hour, minute = map(int, match["clock"].split(":"))
    elif match["hour"]:
        hour = _number(match["hour"])
        quarter = {"一": 15, "三": 45}.get(match["quarter"] or "", 0)
        minute = 30 if match["half"] else quarter or _number(match["minute"] or "0")
    else:
        return USUAL.get(part, NINE), 0
    is_afternoon = part in {"下午", "傍晚", "晚上", "夜里", "晚"} or (part == "中午" and hour < 3)
    return (hour + 12 if is_afternoon and hour < 12 else hour), minute


def _number(words: str) -> int:
    if words.isdigit():
        return int(words)
    tens, ten, ones = words.partition("十")
    if not ten:
        return DIGITS[words]  # one figure; of several we cannot say what they mean
    return (DIGITS[tens] if tens else 1) * 10 + (DIGITS[ones] if ones else 0)
