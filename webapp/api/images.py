"""Pictures: the caller's own to send, describe, show and take away."""

from __future__ import annotations

import io
from typing import Any

from flask import Response, request
from flask.views import MethodView
from werkzeug.exceptions import NotFound, RequestEntityTooLarge, ServiceUnavailable, UnsupportedMediaType

from webapp.accounts.models import Scope
from webapp.api import answers, paging
from webapp.api.auth import needs, payer
from webapp.api.blueprint import ID, Blueprint
from webapp.api.post_schemas import ImageChange, ImagePage, ImageSchema, NewImageQuery
from webapp.api.posts import writer
from webapp.api.schemas import PageQuery
from webapp.core import clock
from webapp.extensions import db, limiter
from webapp.images import operations, pictures, queries, receiving, storage
from webapp.images.models import Image

blueprint = Blueprint("images", __name__, url_prefix="/images")
SCHEMA = ImageSchema()
SENDING_PACE = "60 per minute; 600 per hour"
BYTES = {"schema": {"type": "string", "format": "binary"}}
MEDIA = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "application/octet-stream")


@blueprint.route("", endpoint="images", tags=["Images"])
class Images(MethodView):
    @needs(Scope.POSTS_READ)
    @blueprint.query(PageQuery)
    @blueprint.answers(200, ImagePage, says="A page of your pictures, the newest first.")
    def get(self, query: dict[str, Any]) -> Any:
        """List your pictures"""
        return paging.page(queries.owned_by(writer()), query)

    @needs(Scope.POSTS_WRITE)
    @blueprint.doc(requestBody={"required": True, "content": dict.fromkeys(MEDIA, BYTES)})
    @blueprint.query(NewImageQuery)
    @blueprint.answers(201, ImageSchema, says="The picture. The same file sent twice is one picture.")
    def post(self, query: dict[str, Any]) -> Response:
        """Send a picture

        The body is the file itself. It is written anew: what a camera wrote beside it is gone, and only the first frame
        of one that moved is kept.
        """
        owner = writer()
        if request.mimetype not in MEDIA:
            raise UnsupportedMediaType
        try:
            file = io.BytesIO(request.get_data(cache=False))
            image, _moved = receiving.take(file, query["name"], owner=owner, alt=query["alt"])
        except receiving.TooLarge:
            raise RequestEntityTooLarge from None
        except pictures.Busy:
            raise ServiceUnavailable("Others are sending pictures too. Try again.", retry_after=5) from None
        except storage.Unavailable:
            raise ServiceUnavailable("The place for pictures does not answer. Try again.", retry_after=30) from None
        db.session.commit()
        return answers.made(SCHEMA, image)


@blueprint.route(f"/<{ID}:image_id>", endpoint="image", tags=["Images"])
class OneImage(MethodView):
    @needs(Scope.POSTS_READ)
    @blueprint.answers(200, ImageSchema, says="The picture.")
    def get(self, image_id: int) -> Response:
        """Read what is known of a picture"""
        return answers.shown(SCHEMA, _own(image_id))

    @needs(Scope.POSTS_WRITE)
    @blueprint.body(ImageChange, example={"alt": "Frost on a red leaf"})
    @blueprint.answers(200, ImageSchema, says="The picture as it is now.")
    def patch(self, values: dict[str, Any], image_id: int) -> Response:
        """Say what a picture shows

        Texts that show it with words of their own keep them.
        """
        image = _own(image_id)
        answers.must_match(SCHEMA, image)
        operations.describe(image, alt=values["alt"], now=clock.now())
        db.session.commit()
        return answers.shown(SCHEMA, _own(image_id))

    @needs(Scope.POSTS_WRITE)
    @blueprint.answers(204, says="It is deleted.")
    def delete(self, image_id: int) -> Response:
        """Delete a picture

        One that something shows stays: the answer says what does.
        """
        image = _own(image_id)
        answers.must_match(SCHEMA, image)
        operations.delete(image, now=clock.now())
        db.session.commit()
        return answers.nothing()


def _own(image_id: int) -> Image:
    image = queries.get_owned_by_id(writer(), image_id)
    if image is None:
        raise NotFound
    return image


limiter.limit(
    lambda: SENDING_PACE,
    key_func=payer,
    methods=["POST"],
    override_defaults=False,  # on top of the pace of the whole API
)(blueprint)  # a limit on the method alone would take the whole API's from its siblings
