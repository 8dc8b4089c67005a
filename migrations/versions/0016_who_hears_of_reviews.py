"""Who wants no mail about reviews.

Revision ID: 0016
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("people", sa.Column("wants_review_mail", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade():
    op.drop_column("people", "wants_review_mail")  # in place: triggers stand on the table
