"""The main job on PostgreSQL and Redis."""

import time

import pytest
import redis
import requests

from tests import house as houses
from tests import main_job as do
from tests.mailbox import open_mailbox

AUTHOR, READER = "ada@example.org", "reader@example.org"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    mailbox, controller = open_mailbox()
    broker_url = houses.own_redis()
    database_url, database = houses.own_postgres()
    made = houses.House(
        folder=tmp_path_factory.mktemp("redis"),
        database_url=database_url,
        broker_url=broker_url,
        mailbox=mailbox,
        settings={"CACHE_URL": broker_url},
    )
    try:
        made.manage("db", "upgrade")
        made.person(AUTHOR, "author")
        made.start("web", "worker", "dispatcher", "beat")
        yield made
    finally:
        made.stop()
        houses.own_redis()
        houses.drop_postgres(database)
        controller.stop()


@pytest.fixture(scope="module")
def author(house):
    return house.token(AUTHOR, "reminders:write", "posts:write", "posts:read")


def test_a_reminder_arrives_once_and_on_time(house, author, record_property):
    due_at = do.set_reminder(house, author, "Water the plants", seconds=4)
    mail = do.wait_for_reminder(house, AUTHOR, "Water the plants")
    late = do.report(record_property, "a reminder on Redis", mail, due_at)
    assert 0 <= late < do.LATEST


def test_a_page_lies_in_redis_and_is_shown_until_what_it_shows_has_changed(house, author):
    def home():
        return requests.get(house.url, timeout=10).text

    store = redis.Redis.from_url(house.broker_url, decode_responses=True)
    do.publish(house, author, "The first leaf")
    for _ in range(3):  # a page is kept to the end of the minute
        home()
        for key in store.scan_iter("almanac.page.*"):
            store.set(key, store.get(key).replace("The first leaf", "The kept leaf"))
        if "The kept leaf" in home():
            break
    else:
        pytest.fail("what lies in Redis is not shown")

    do.publish(house, author, "The second leaf")
    assert "The second leaf" in home()
    assert "The first leaf" in home()


def test_a_letter_is_asked_for_confirmed_sent_once_and_left_with_one_click(house, author):
    do.publish(house, author, "The first frost")
    do.subscribe(house, READER)
    house.manage("digest", "send", "--now")
    house.manage("digest", "send", "--now")
    (letter,) = house.mailbox.wait_for(READER, "digest")
    assert "The first frost" in letter.text
    time.sleep(2)
    assert len(house.mailbox.to(READER, "digest")) == 1

    assert do.leave_with_one_click(letter) == 200
    do.publish(house, author, "The second frost")
    house.manage("digest", "send", "--now")
    time.sleep(2)
    assert len(house.mailbox.to(READER, "digest")) == 1


def test_everything_ends_within_ten_seconds(house):
    assert house.stop() < 10
