"""The ledger's keys in byte order, so that their index finds what begins with something."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _sort_keys_by("C")


def downgrade() -> None:
    _sort_keys_by(None)


def _sort_keys_by(collation: str | None) -> None:
    if op.get_bind().dialect.name != "postgresql":  # SQLite compares bytes as it is
        return
    op.alter_column(
        "deliveries",
        "dedupe_key",
        type_=sa.String(length=200, collation=collation),
        existing_type=sa.String(length=200),
        existing_nullable=False,
    )
