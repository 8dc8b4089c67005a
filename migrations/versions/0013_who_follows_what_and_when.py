"""Readers follow authors and tags at times of their own; what is news, and which posts a letter held."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("starts_afresh", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("subscriptions", sa.Column("follows", sa.Text(), server_default="site", nullable=False))
    op.add_column("subscriptions", 
        sa.Column(
            "cadence",
            sa.Enum("post", "daily", "weekly", "monthly", name="cadence", native_enum=False, length=20),
            server_default="weekly",
            nullable=False,
        )
    )
    op.add_column("subscriptions", sa.Column("weekday", sa.Integer(), nullable=True))
    op.add_column("subscriptions", sa.Column("hour", sa.Integer(), nullable=True))
    op.add_column("subscriptions", sa.Column("zone", sa.String(length=64), nullable=True))
    op.add_column("subscriptions", sa.Column("schedule_key", sa.String(length=60), server_default="weekly", nullable=False))
    op.add_column("subscriptions", sa.Column("scheduled_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("subscriptions", sa.Column("each_post_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("subscriptions", sa.Column("had_since", sa.Text(), server_default="", nullable=False))
    op.add_column("subscriptions", sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("subscriptions", sa.Column("last_sign_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("subscriptions", sa.Column("asked_again_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_subscriptions_schedule",
        "subscriptions",
        ["schedule_key", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'active'"),
        sqlite_where=sa.text("state = 'active'"),
    )
    op.create_index(
        "ix_subscriptions_each_post",
        "subscriptions",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'active' AND each_post_from IS NOT NULL"),
        sqlite_where=sa.text("state = 'active' AND each_post_from IS NOT NULL"),
    )
    op.add_column("digest_runs", sa.Column("goes_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "digest_news",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("appeared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_hidden", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_again", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_old", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_digest_news_post_id_posts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_digest_news")),
    )
    op.create_index(op.f("ix_digest_news_appeared_at"), "digest_news", ["appeared_at"], unique=False)
    op.create_table(
        "letters",
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["mail_contents.id"], name=op.f("fk_letters_content_id_mail_contents"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_letters")),
        sa.UniqueConstraint("token", name=op.f("uq_letters_token")),
    )
    op.create_table(
        "letter_posts",
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["letters.content_id"], name=op.f("fk_letter_posts_content_id_letters"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_letter_posts_post_id_posts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("content_id", "post_id", name=op.f("pk_letter_posts")),
    )
    op.create_index(op.f("ix_letter_posts_post_id"), "letter_posts", ["post_id"], unique=False)
    op.create_index(op.f("ix_deliveries_content_id"), "deliveries", ["content_id"], unique=False)
    # what has appeared so far is known, as of the day it appeared; it may have been in a letter that kept no list
    op.execute(
        """
        INSERT INTO digest_news (post_id, appeared_at, is_hidden, is_again, is_old)
        SELECT id, published_at, state <> 'published', false, true FROM posts
        WHERE published_at IS NOT NULL AND (imported_at IS NULL OR published_at > imported_at)
        """
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_deliveries_content_id"), table_name="deliveries")
    op.drop_index(op.f("ix_letter_posts_post_id"), table_name="letter_posts")
    op.drop_table("letter_posts")
    op.drop_table("letters")
    op.drop_index(op.f("ix_digest_news_appeared_at"), table_name="digest_news")
    op.drop_table("digest_news")
    op.drop_column("digest_runs", "goes_at")
    op.drop_index(
        "ix_subscriptions_each_post",
        table_name="subscriptions",
        postgresql_where=sa.text("state = 'active' AND each_post_from IS NOT NULL"),
        sqlite_where=sa.text("state = 'active' AND each_post_from IS NOT NULL"),
    )
    op.drop_index(
        "ix_subscriptions_schedule",
        table_name="subscriptions",
        postgresql_where=sa.text("state = 'active'"),
        sqlite_where=sa.text("state = 'active'"),
    )
    for name in (
        "asked_again_at",
        "last_sign_at",
        "paused_until",
        "had_since",
        "each_post_from",
        "scheduled_from",
        "schedule_key",
        "zone",
        "hour",
        "weekday",
        "cadence",
        "follows",
        "starts_afresh",
    ):
        op.drop_column("subscriptions", name)
