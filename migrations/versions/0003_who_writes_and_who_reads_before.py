"""Co-authors, revisions with their tags, preview links, reviews, own excerpts, and since when a post is in the trash."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

REVIEW_STATES = sa.Enum("waiting", "changes", "approved", name="reviewstate", native_enum=False, length=20)
REVIEW_STEPS = sa.Enum("submitted", "withdrawn", "changes", "approved", name="reviewstep", native_enum=False, length=20)
REASONS = sa.Enum("saved", "published", "restored", name="revisionreason", native_enum=False, length=20)
WHERE_TRASHED = sa.text("state = 'trashed'")
WHERE_WAITING = sa.text("review_state = 'waiting'")


def upgrade() -> None:
    op.add_column("posts", sa.Column("own_excerpt", sa.Text(), server_default="", nullable=False))
    op.add_column("posts", sa.Column("canonical_url", sa.String(length=2000), server_default="", nullable=False))
    op.add_column("posts", sa.Column("trashed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("posts", sa.Column("review_state", REVIEW_STATES, nullable=True))
    op.execute("UPDATE posts SET trashed_at = updated_at WHERE state = 'trashed'")
    op.create_index(
        "ix_posts_trashed", "posts", ["trashed_at"], postgresql_where=WHERE_TRASHED, sqlite_where=WHERE_TRASHED
    )
    op.create_index("ix_posts_waiting", "posts", ["id"], postgresql_where=WHERE_WAITING, sqlite_where=WHERE_WAITING)
    op.add_column("revisions", sa.Column("reason", REASONS, server_default="saved", nullable=False))
    op.add_column(
        "revisions",
        sa.Column(
            "tags", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), server_default="[]", nullable=False
        ),
    )
    op.add_column("revisions", sa.Column("saved_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "co_authors",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_co_authors_person_id_people"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_co_authors_post_id_posts"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", "person_id", name=op.f("pk_co_authors")),
    )
    op.create_index(op.f("ix_co_authors_person_id"), "co_authors", ["person_id"], unique=False)
    op.create_table(
        "preview_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_preview_links_person_id_people"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_preview_links_post_id_posts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preview_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_preview_links_token_hash")),
    )
    op.create_index(op.f("ix_preview_links_post_id"), "preview_links", ["post_id"], unique=False)
    op.create_table(
        "review_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("step", REVIEW_STEPS, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_review_notes_person_id_people"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_review_notes_post_id_posts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_notes")),
    )
    op.create_index(op.f("ix_review_notes_post_id"), "review_notes", ["post_id"], unique=False)


def downgrade() -> None:
    op.drop_table("review_notes")
    op.drop_table("preview_links")
    op.drop_table("co_authors")
    op.drop_column("revisions", "saved_at")
    op.drop_column("revisions", "tags")
    op.drop_column("revisions", "reason")
    op.drop_index("ix_posts_waiting", "posts")
    op.drop_index("ix_posts_trashed", "posts")
    op.drop_column("posts", "review_state")
    op.drop_column("posts", "trashed_at")
    op.drop_column("posts", "canonical_url")
    op.drop_column("posts", "own_excerpt")
