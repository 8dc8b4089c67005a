"""Imports and exports under way: how far they are."""

from __future__ import annotations

from flask import Response
from flask.views import MethodView
from werkzeug.exceptions import NotFound

from webapp.accounts.models import Scope
from webapp.api import answers
from webapp.api.auth import caller, needs
from webapp.api.blueprint import ID, Blueprint
from webapp.api.schemas import JobSchema
from webapp.portability import queries

blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")
SCHEMA = JobSchema()


@blueprint.route(f"/<{ID}:job_id>", endpoint="job", tags=["Jobs"])
class OneJob(MethodView):
    @needs(Scope.POSTS_READ)
    @blueprint.answers(200, JobSchema, says="The import or export.")
    def get(self, job_id: int) -> Response:
        """Read how far an import or export is

        Your own; an administrator's token reads all of them.
        """
        found = queries.get_visible(caller(), job_id)
        if found is None:
            raise NotFound("There is no such job of yours.")
        return answers.shown(SCHEMA, found)
