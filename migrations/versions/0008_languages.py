"""The language of a person's mail and pages, and of a reader's letter.

Revision ID: 0008
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("people", "registrations", "subscriptions")


def upgrade():
    for table in TABLES:
        op.add_column(table, sa.Column("language", sa.String(length=12), nullable=True))


def downgrade():
    for table in reversed(TABLES):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("language")
