"""The language of a person's mail and pages, of a reader's letter, and of mail to who commented.

Revision ID: 0008
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = ("people", "registrations", "subscriptions", "comments")


def upgrade():
    for table in TABLES:
        op.add_column(table, sa.Column("language", sa.String(length=12), nullable=True))


def downgrade():
    for table in reversed(TABLES):
        op.drop_column(table, "language")  # in place: a view may stand on the table
