"""The stamp that changes whenever something changes that strangers see."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = op.create_table(
        "page_stamp",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stamp", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_stamp")),
    )
    op.bulk_insert(table, [{"id": 1, "stamp": "new"}])


def downgrade() -> None:
    op.drop_table("page_stamp")
