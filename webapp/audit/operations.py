"""Writing it down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webapp.audit.models import AuditEntry
from webapp.extensions import db

SHELL = "shell"


def record(
    action: str, subject: str, *, now: datetime, actor: str = SHELL, person_id: int | None = None, **detail: Any
) -> None:
    """Notes an action such as ``mail.resolved`` on a subject such as ``mail 7``, in the caller's transaction."""
    db.session.add(AuditEntry(at=now, person_id=person_id, actor=actor, action=action, subject=subject, detail=detail))
