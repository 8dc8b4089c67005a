"""The site that an author calls their own."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("website", sa.String(length=2000), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("people", "website")
