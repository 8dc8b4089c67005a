"""A WordPress export of any length, with what real ones hold: blocks, old HTML, comments, pictures, drafts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:wfw="http://wellformedweb.org/CommentAPI/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel>
<title>Ten years of weather</title>
<link>https://weather.example</link>
<language>en-GB</language>
<wp:wxr_version>1.2</wp:wxr_version>
<wp:base_site_url>https://weather.example</wp:base_site_url>
<wp:base_blog_url>https://weather.example</wp:base_blog_url>
<wp:author><wp:author_id>1</wp:author_id><wp:author_login><![CDATA[ines]]></wp:author_login>\
<wp:author_email><![CDATA[ines@weather.example]]></wp:author_email>\
<wp:author_display_name><![CDATA[Ines Halm]]></wp:author_display_name></wp:author>
"""
TEXT = """<!-- wp:paragraph -->
<p>Day {n} began with <strong>fog</strong> over the <a href="https://weather.example/harbour/">harbour</a>, and nobody
could say where the water ended. The gauge stood at {n} and did not move until noon.</p>
<!-- /wp:paragraph -->

<!-- wp:heading -->
<h2>What the gauge said</h2>
<!-- /wp:heading -->

<!-- wp:list -->
<ul><li>at six: nothing</li><li>at twelve: <em>a little</em></li><li>at eighteen: more than that</li></ul>
<!-- /wp:list -->

<!-- wp:paragraph -->
<p>In the evening the wind turned to the west, as it does. We took the chairs in and left the table, which has
seen worse. Somebody counted {n} gulls on the roof of the boathouse and was not believed.</p>
<!-- /wp:paragraph -->"""
ITEM = """<item>
<title><![CDATA[The weather of day {n}]]></title>
<link>https://weather.example/2{year:03}/{month:02}/day-{n}/</link>
<pubDate>Mon, 06 May 2{year:03} 08:00:00 +0000</pubDate>
<dc:creator><![CDATA[ines]]></dc:creator>
<guid isPermaLink="false">https://weather.example/?p={n}</guid>
<description></description>
<content:encoded><![CDATA[{text}]]></content:encoded>
<excerpt:encoded><![CDATA[]]></excerpt:encoded>
<wp:post_id>{n}</wp:post_id>
<wp:post_date><![CDATA[2{year:03}-{month:02}-{day:02} 08:00:00]]></wp:post_date>
<wp:post_date_gmt><![CDATA[2{year:03}-{month:02}-{day:02} 08:00:00]]></wp:post_date_gmt>
<wp:comment_status><![CDATA[open]]></wp:comment_status>
<wp:post_name><![CDATA[day-{n}]]></wp:post_name>
<wp:status><![CDATA[publish]]></wp:status>
<wp:post_parent>0</wp:post_parent>
<wp:post_type><![CDATA[post]]></wp:post_type>
<wp:post_password><![CDATA[]]></wp:post_password>
<category domain="category" nicename="weather"><![CDATA[Weather]]></category>
<category domain="post_tag" nicename="year-{year}"><![CDATA[Year {year}]]></category>
</item>
"""


def write(path: Path, posts: int) -> Path:
    """Writes an export of so many posts, a page at a time."""
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(_parts(posts))
    return path


def _parts(posts: int) -> Iterator[str]:
    yield HEAD
    for n in range(1, posts + 1):
        yield ITEM.format(n=n, year=10 + n % 15, month=1 + n % 12, day=1 + n % 28, text=TEXT.format(n=n))
    yield "</channel></rss>\n"
