"""The signature that says a mail comes from our domain and was not changed on the way (RFC 6376)."""

from __future__ import annotations

from config import Config

SIGNED = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Auto-Submitted",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)
"""RFC 8058 4 asks for the last two: a mail program offers one-click leaving only when they are covered.

A header that the mail does not have is covered too, so that nobody can add it.
"""


def signed(message: bytes, config: Config) -> bytes:
    """The message with a DKIM-Signature in front, when a key is configured."""
    if not config.dkim_key:
        return message
    import dkim  # it loads a resolver for names as well, for houses that sign

    signature: bytes = dkim.sign(
        message,
        config.dkim_selector.encode(),
        config.dkim_domain.encode(),
        config.dkim_key.encode(),
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[name.lower().encode() for name in SIGNED],
    )
    return signature + message
