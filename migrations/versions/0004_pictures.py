"""Pictures, their copies, and the one at the head of a post."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0009"
branch_labels = None
depends_on = None

FORMAT = sa.Enum("jpeg", "png", "avif", "webp", name="format", native_enum=False, length=20)
UNFINISHED = sa.text("rendered_at IS NULL AND deleted_at IS NULL")
THERE = sa.text("deleted_at IS NULL")
DELETED = sa.text("deleted_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "images",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("alt", sa.String(length=500), nullable=False),
        sa.Column("format", FORMAT, nullable=False),
        sa.Column("original_format", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rendered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["people.id"], name=op.f("fk_images_owner_id_people"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_images")),
        sa.UniqueConstraint("key", name=op.f("uq_images_key")),
        sa.UniqueConstraint("owner_id", "digest", name=op.f("uq_images_owner_id_digest")),
    )
    op.create_index(
        "ix_images_owner", "images", ["owner_id", "id"], postgresql_where=THERE, sqlite_where=THERE
    )
    op.create_index(
        "ix_images_unfinished", "images", ["created_at"], postgresql_where=UNFINISHED, sqlite_where=UNFINISHED
    )
    op.create_index("ix_images_deleted", "images", ["deleted_at"], postgresql_where=DELETED, sqlite_where=DELETED)
    op.create_table(
        "image_renditions",
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("format", FORMAT, nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name=op.f("fk_image_renditions_image_id_images"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("image_id", "width", "format", name=op.f("pk_image_renditions")),
    )
    # in words of SQL that both databases know: SQLite's way around would make the table anew, without its triggers
    op.execute(
        "ALTER TABLE posts ADD COLUMN cover_id INTEGER"
        " CONSTRAINT fk_posts_cover_id_images REFERENCES images (id) ON DELETE SET NULL"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE posts DROP COLUMN cover_id")
    op.drop_table("image_renditions")
    op.drop_index("ix_images_deleted", table_name="images", postgresql_where=DELETED, sqlite_where=DELETED)
    op.drop_index("ix_images_unfinished", table_name="images", postgresql_where=UNFINISHED, sqlite_where=UNFINISHED)
    op.drop_index("ix_images_owner", table_name="images", postgresql_where=THERE, sqlite_where=THERE)
    op.drop_table("images")
