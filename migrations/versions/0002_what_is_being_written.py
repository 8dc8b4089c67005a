"""What is being written: working copies of posts, and which page of the editor began a post."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("begun_as", sa.String(length=40), nullable=True))
    op.create_index(
        "ix_posts_begun_as",
        "posts",
        ["author_id", "begun_as"],
        unique=True,
        postgresql_where=sa.text("begun_as IS NOT NULL"),
        sqlite_where=sa.text("begun_as IS NOT NULL"),
    )
    op.create_table(
        "working_copies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("post_version", sa.Integer(), nullable=False),
        sa.Column("thrown_away_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_working_copies_person_id_people"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_working_copies_post_id_posts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_working_copies")),
        sa.UniqueConstraint("post_id", "person_id", name=op.f("uq_working_copies_post_id_person_id")),
    )
    op.create_index(op.f("ix_working_copies_person_id"), "working_copies", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_working_copies_person_id"), table_name="working_copies")
    op.drop_table("working_copies")
    op.drop_index(
        "ix_posts_begun_as",
        table_name="posts",
        postgresql_where=sa.text("begun_as IS NOT NULL"),
        sqlite_where=sa.text("begun_as IS NOT NULL"),
    )
    op.drop_column("posts", "begun_as")
