"""What makes a comment look like spam. Each finding is a reason that moderators are shown; none of them deletes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.comments import queries, rendering
from webapp.comments.models import Comment, Reason
from webapp.comments.policy import Policy

SAME_WORDS_WITHIN = timedelta(days=1)
SHORT = 30
"""Characters that two people may well write alike: thanks, well said."""


@dataclass(frozen=True)
class Sending:
    """How a form came: whether it fell into the trap that people cannot see, and the work its browser has proved.

    ``proof_key`` names that work, which is good for one comment. A member's browser is asked for none.
    """

    is_trapped: bool = False
    needs_proof: bool = False
    proof_key: str | None = None


def reasons(comment: Comment, sending: Sending, policy: Policy, *, now: datetime) -> list[Reason]:
    """Why somebody should read a comment before it is published; nothing when all is well."""
    found = in_words(comment, policy, now=now)
    if sending.is_trapped:
        found.append(Reason.TRAP)
    if sending.needs_proof and sending.proof_key is None:
        found.append(Reason.NO_PROOF)
    return found


def in_words(comment: Comment, policy: Policy, *, now: datetime) -> list[Reason]:
    """What the words alone give away."""
    found = []
    if rendering.links_in(comment.html) > policy.most_links:
        found.append(Reason.LINKS)
    is_long = len(comment.body) >= SHORT
    if is_long and queries.times_said(comment.words_hash, now - SAME_WORDS_WITHIN, but=comment.id):
        found.append(Reason.REPEATED)
    return found
