"""What happens to a reminder, what it is bound to, when it is paused, and a private calendar of them.

Revision 0001 knows four states; a state is plain text, so paused and expired need no new type.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reminder_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reminder_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wall_time", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=100), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["reminder_id"],
            ["reminders.id"],
            name=op.f("fk_reminder_events_reminder_id_reminders"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_events")),
    )
    op.create_index("ix_reminder_events_reminder", "reminder_events", ["reminder_id", "id"], unique=False)
    op.create_table(
        "calendar_feeds",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_calendar_feeds_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("token", name=op.f("uq_calendar_feeds_token")),
    )
    op.add_column("reminders", sa.Column("condition", sa.String(length=20), server_default="none", nullable=False))
    op.add_column("reminders", sa.Column("post_version", sa.Integer(), nullable=True))
    op.add_column("reminders", sa.Column("lead_minutes", sa.Integer(), nullable=True))
    op.add_column("reminders", sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("reminders", sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True))
    coming = "state IN ('pending', 'paused')"
    missed = "missed_at IS NOT NULL"
    op.create_index(
        "ix_reminders_person_coming",
        "reminders",
        ["person_id", "due_at"],
        unique=False,
        postgresql_where=sa.text(coming),
        sqlite_where=sa.text(coming),
    )
    op.create_index("ix_reminders_person_created", "reminders", ["person_id", "created_at"], unique=False)
    op.create_index(
        "ix_reminders_missed",
        "reminders",
        ["person_id"],
        unique=False,
        postgresql_where=sa.text(missed),
        sqlite_where=sa.text(missed),
    )
    op.add_column("mail_contents", sa.Column("calendar", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("mail_contents", "calendar")
    # what only this revision knows becomes what the one before it can read
    op.execute("UPDATE reminders SET state = 'cancelled' WHERE state IN ('paused', 'expired')")
    op.drop_index("ix_reminders_missed", table_name="reminders")
    op.drop_index("ix_reminders_person_created", table_name="reminders")
    op.drop_index("ix_reminders_person_coming", table_name="reminders")
    for column in ("missed_at", "paused_until", "lead_minutes", "post_version", "condition"):
        op.drop_column("reminders", column)
    op.drop_table("calendar_feeds")
    op.drop_index("ix_reminder_events_reminder", table_name="reminder_events")
    op.drop_table("reminder_events")
