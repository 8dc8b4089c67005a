"""A ledger row as the message that goes over the wire."""

from __future__ import annotations

import html
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from config import Config
from webapp.core import clock
from webapp.mail.models import Delivery


def build(delivery: Delivery, config: Config) -> bytes:
    """The whole message, CRLF line ends, text before HTML (RFC 2046 5.1.4: the last part is the preferred one)."""
    content = delivery.content
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=config.site_name, addr_spec=config.mail_from)
    message["To"] = Address(addr_spec=delivery.address)
    message["Subject"] = _filled(content.subject, delivery)
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = delivery.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Almanac-Kind"] = str(delivery.kind)
    for name, value in content.headers.items():
        message[name] = _filled(value, delivery)
    message.set_content(_filled(content.text, delivery))
    message.add_alternative(_filled(content.html, delivery, is_html=True), subtype="html")
    return message.as_bytes()


def _filled(template: str, delivery: Delivery, *, is_html: bool = False) -> str:
    """The reader's own values in the places the content left for them."""
    marker = delivery.content.marker
    if not marker:
        return template

    def value(place: re.Match[str]) -> str:
        own = str(delivery.values.get(place[1], ""))
        return html.escape(own) if is_html else own

    return re.sub(rf"@@{re.escape(marker)}:(\w+)@@", value, template)
