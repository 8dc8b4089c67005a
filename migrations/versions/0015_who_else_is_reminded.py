"""Whom else a reminder reminds, what they say to that, and who wants to be asked by nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0016"
branch_labels = None
depends_on = None

PARTIAL = (
    ("ix_reminders_person_over", "due_at", "state NOT IN ('pending', 'paused')"),
    ("ix_reminders_person_fired", "fired_at", "state = 'fired'"),
)
"""Whoever has had many reminders finds the last ones as fast as at first."""


def upgrade() -> None:
    op.create_table(
        "reminder_recipients",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("leave", sa.String(length=20), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_reminder_recipients_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_recipients")),
        sa.UniqueConstraint("person_id", "address", name=op.f("uq_reminder_recipients_person_id_address")),
    )
    op.create_index(op.f("ix_reminder_recipients_address"), "reminder_recipients", ["address"], unique=False)
    op.create_index(
        "ix_reminder_recipients_person_asked", "reminder_recipients", ["person_id", "asked_at"], unique=False
    )
    op.create_table(
        "closed_addresses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closed_addresses")),
        sa.UniqueConstraint("address", name=op.f("uq_closed_addresses_address")),
    )
    # in words of SQL that both databases know, as in 0004
    op.execute(
        "ALTER TABLE reminders ADD COLUMN recipient_id INTEGER"
        " CONSTRAINT fk_reminders_recipient_id_reminder_recipients"
        " REFERENCES reminder_recipients (id) ON DELETE SET NULL"
    )
    op.add_column("reminders", sa.Column("with_me", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.create_index(op.f("ix_reminders_recipient_id"), "reminders", ["recipient_id"], unique=False)
    for name, column, condition in PARTIAL:
        op.create_index(
            name,
            "reminders",
            ["person_id", column],
            unique=False,
            postgresql_where=sa.text(condition),
            sqlite_where=sa.text(condition),
        )


def downgrade() -> None:
    for name, _column, _condition in PARTIAL:
        op.drop_index(name, table_name="reminders")
    op.drop_index(op.f("ix_reminders_recipient_id"), table_name="reminders")
    op.drop_column("reminders", "with_me")
    op.execute("ALTER TABLE reminders DROP COLUMN recipient_id")
    op.drop_table("closed_addresses")
    op.drop_index("ix_reminder_recipients_person_asked", table_name="reminder_recipients")
    op.drop_index(op.f("ix_reminder_recipients_address"), table_name="reminder_recipients")
    op.drop_table("reminder_recipients")
