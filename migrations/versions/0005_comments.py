"""What people say under posts, whose conversation is closed, and who wants to hear no more of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATES = sa.Enum(
    "unconfirmed",
    "pending",
    "published",
    "spam",
    "trashed",
    "removed",
    name="commentstate",
    native_enum=False,
    length=20,
)


def upgrade() -> None:
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("address_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("state", STATES, nullable=False),
        sa.Column("was", STATES, nullable=True),
        sa.Column("held", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("wants_replies", sa.Boolean(), nullable=False),
        sa.Column("words_hash", sa.String(length=64), nullable=False),
        sa.Column("sent_key", sa.String(length=64), nullable=True),
        sa.Column("proof_key", sa.String(length=64), nullable=True),
        sa.Column("told_in", sa.String(length=60), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["comments.id"], name=op.f("fk_comments_parent_id_comments"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_comments_person_id_people"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_comments_post_id_posts"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
        sa.UniqueConstraint("proof_key", name=op.f("uq_comments_proof_key")),
        sa.UniqueConstraint("sent_key", name=op.f("uq_comments_sent_key")),
    )
    op.create_index(op.f("ix_comments_address"), "comments", ["address"], unique=False)
    op.create_index(op.f("ix_comments_parent_id"), "comments", ["parent_id"], unique=False)
    op.create_index(op.f("ix_comments_person_id"), "comments", ["person_id"], unique=False)
    op.create_index(op.f("ix_comments_told_in"), "comments", ["told_in"], unique=False)
    op.create_index(op.f("ix_comments_words_hash"), "comments", ["words_hash"], unique=False)
    op.create_index("ix_comments_post", "comments", ["post_id", "created_at", "id"], unique=False)
    op.create_index(
        "ix_comments_published",
        "comments",
        ["post_id"],
        unique=False,
        postgresql_where=sa.text("state = 'published'"),
        sqlite_where=sa.text("state = 'published'"),
    )
    op.create_index("ix_comments_state", "comments", ["state", "created_at", "id"], unique=False)
    op.create_table(
        "conversations",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_conversations_post_id_posts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_conversations")),
    )
    op.create_table(
        "comment_mutes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Enum("replies", "posts", name="subject", native_enum=False, length=20), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_comment_mutes_person_id_people"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_comment_mutes_post_id_posts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_mutes")),
    )
    op.create_index(op.f("ix_comment_mutes_address"), "comment_mutes", ["address"], unique=False)
    op.create_index(op.f("ix_comment_mutes_person_id"), "comment_mutes", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_table("comment_mutes")
    op.drop_table("conversations")
    op.drop_table("comments")
