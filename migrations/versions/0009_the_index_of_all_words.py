"""The index of all words, kept by the database itself, and what an engine elsewhere has yet to hear.

The index holds nothing that cannot be worked out again from the posts, so what makes it stands in one place, which the
tests use as well. When that changes, a new revision removes and installs it, and this one no longer has to. The posts
of a large site are indexed afterwards, by `search reindex`: an upgrade must not keep everyone from writing.
"""

import sqlalchemy as sa
from alembic import op

from webapp.search import schema

revision = "0009"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_changes")),
        sqlite_autoincrement=True,
    )
    schema.install(op.get_bind())
    schema.take_in(op.get_bind())


def downgrade() -> None:
    schema.remove(op.get_bind())
    op.drop_table("search_changes")
