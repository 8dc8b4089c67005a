"""What a comment asks for. Whether it fits is for the operations to say."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from webapp.comments.models import Comment
from webapp.comments.policy import Policy, Welcome

WORDS = DataRequired(lazy_gettext("Write something here."))


class CommentForm(FlaskForm):
    """A member's comment. ``website`` is a trap: nobody sees it, so only a program fills it in."""

    body = TextAreaField(lazy_gettext("Add a comment"), [WORDS])
    wants_replies = BooleanField(lazy_gettext("Mail me when someone replies"))
    parent_id = HiddenField()
    form_key = HiddenField()
    website = StringField(lazy_gettext("Leave this empty"))

    def call_it_a_reply(self, comment: Comment | None) -> None:
        """Says at the field whom the words answer, if anybody."""
        if comment is not None:
            self.body.label.text = gettext("Reply to %(name)s", name=comment.said_by)


class VisitorForm(CommentForm):
    """With who they are, and the work that their browser has done."""

    name = StringField(lazy_gettext("Name"), [DataRequired(lazy_gettext("Write your name, or one you like."))])
    email = EmailField(lazy_gettext("E-mail address"), [DataRequired(lazy_gettext("Write your mail address."))])
    altcha = HiddenField()


class EditForm(FlaskForm):
    body = TextAreaField(lazy_gettext("Your comment"), [WORDS])


class PolicyForm(FlaskForm):
    members = RadioField(
        lazy_gettext("What members write"),
        choices=[
            SelectChoice(Welcome.AT_ONCE.value, lazy_gettext("appears at once")),
            SelectChoice(Welcome.READ_FIRST.value, lazy_gettext("is read first")),
        ],
    )
    visitors = RadioField(
        lazy_gettext("What visitors write"),
        choices=[
            SelectChoice(Welcome.AT_ONCE.value, lazy_gettext("appears at once")),
            SelectChoice(Welcome.READ_FIRST.value, lazy_gettext("is read first")),
            SelectChoice(Welcome.NO.value, lazy_gettext("is not taken: only members comment")),
        ],
    )
    close_after_days = IntegerField(
        lazy_gettext("Days after which comments close"), [InputRequired(lazy_gettext("Write a number of days."))]
    )
    most_links = IntegerField(
        lazy_gettext("Links in a comment that nobody has to read first"),
        [InputRequired(lazy_gettext("Write a number."))],
    )

    def policy(self) -> Policy:
        return Policy(
            members=Welcome(self.members.data),
            visitors=Welcome(self.visitors.data),
            close_after_days=self.close_after_days.data,
            most_links=self.most_links.data,
        )
