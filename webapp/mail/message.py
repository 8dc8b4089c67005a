"""A ledger row as the message that goes over the wire."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from functools import partial

from config import Config
from webapp.core import clock
from webapp.mail import dkim
from webapp.mail.models import Delivery
from webapp.settings import choices


class _Unfolded(UnstructuredHeader):
    """A header that programs read as it is. Folded, a long address would become RFC 2047 words, which they do not."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


_headers = HeaderRegistry()
for _name in ("List-Unsubscribe", "List-Id", "Message-ID"):
    _headers.map_to_type(_name, _Unfolded)  # type: ignore[arg-type]  # the registry adds BaseHeader itself
POLICY = SMTP.clone(header_factory=_headers, cte_type="7bit")
"""Seven bits only: a server on the way that had to convert the body would break its signature."""


def build(delivery: Delivery, config: Config) -> bytes:
    """The whole message, signed, CRLF line ends, text before HTML (RFC 2046 5.1.4: the last part is preferred)."""
    content = delivery.content
    own = partial(filled, marker=content.marker, values=delivery.values)
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(display_name=choices.here().name, addr_spec=config.mail_from)
    message["To"] = Address(addr_spec=delivery.address)
    message["Subject"] = _inert(own(content.subject))
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = delivery.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Almanac-Kind"] = str(delivery.kind)
    for name, value in content.headers.items():
        message[name] = _inert(own(value))
    message.set_content(own(content.text))
    message.add_alternative(own(content.html, is_html=True), subtype="html")
    return dkim.signed(message.as_bytes(), config)


def _inert(value: str) -> str:
    """One line that is not read as RFC 2047 code: Python would decode what someone wrote, line breaks and all."""
    return " ".join(value.split()).replace("=?", "= ?")


def filled(template: str, *, marker: str, values: Mapping[str, str], is_html: bool = False) -> str:
    """The reader's own values in the places the content left for them."""
    if not marker:
        return template

    def value(place: re.Match[str]) -> str:
        own = str(values.get(place[1], ""))
        return html.escape(own) if is_html else own

    return re.sub(rf"@@{re.escape(marker)}:(\w+)@@", value, template)
