"""Sending a picture: what is taken, what becomes of it, and what is refused."""

import io
import struct
import zlib
from datetime import UTC, datetime

import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from tests.unit.images.conftest import drawn, opened
from tests.world import csrf, sign_in
from webapp.extensions import db
from webapp.images import operations, pictures
from webapp.images.models import Image as Row


def png_of(width: int, height: int, *chunks: tuple[bytes, bytes], pixels: bytes = b"") -> bytes:
    """A PNG that says of itself what a test wants it to say."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def refused(answer, status=422) -> str:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == status
    assert db.session.query(Row).count() == 0
    return answer.json["detail"]


def test_a_picture_is_taken_and_shown_at_the_address_that_the_answer_gives(send, author):
    answer = send(drawn(size=(1000, 700)), "My Harbour, at dawn.JPG", alt="Boats")
    assert answer.status_code == 201
    said = answer.json
    assert said["url"].endswith("/my-harbour-at-dawn.jpg")
    assert said["url"].startswith(f"/images/{said['id']}/")
    assert said["markdown"] == f"![Boats]({said['url']})"
    assert (said["width"], said["height"]) == (1000, 700)
    shown = author.get(said["url"])
    assert shown.mimetype == "image/jpeg"
    assert opened(shown).size == (1000, 700)


def test_the_words_of_the_markdown_cannot_end_it(send):
    said = send(drawn(), alt="a ](/evil) \\ [b").json
    assert said["markdown"] == f"![a \\](/evil) \\\\ \\[b]({said['url']})"


@pytest.mark.parametrize(
    ("kind", "mode", "expected"),
    [
        ("JPEG", "RGB", "JPEG"),
        ("JPEG", "L", "JPEG"),
        ("JPEG", "CMYK", "JPEG"),
        ("PNG", "RGB", "PNG"),
        ("PNG", "RGBA", "PNG"),
        ("PNG", "P", "PNG"),
        ("PNG", "1", "PNG"),
        ("PNG", "LA", "PNG"),
        ("PNG", "I;16", "PNG"),
        ("GIF", "P", "PNG"),
        ("WEBP", "RGBA", "PNG"),
        ("AVIF", "RGB", "PNG"),
    ],
)
def test_every_common_sort_of_picture_is_written_anew(send, author, kind, mode, expected):
    picture = Image.new("RGB", (90, 60), (200, 30, 30)).convert(mode if mode != "I;16" else "I").convert(mode)
    stream = io.BytesIO()
    picture.save(stream, kind)
    found = opened(author.get(send(stream.getvalue(), f"x.{kind.lower()}").json["url"]))
    assert found.format == expected
    assert found.size == (90, 60)


def test_where_it_was_taken_and_everything_else_a_camera_wrote_is_left_out(send, author):
    exif = Image.Exif()
    exif[0x010F] = "A camera of mine"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 29.0)
    raw = drawn(exif=exif.tobytes(), comment=b"my secret comment")
    assert b"A camera of mine" in raw
    shown = author.get(send(raw).json["url"])
    assert not opened(shown).getexif()
    assert b"camera" not in shown.data
    assert b"secret" not in shown.data


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_words_hidden_in_other_formats_are_left_out_too(send, author, kind):
    exif = Image.Exif()
    exif[0x010E] = "written by the camera"
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "written by hand")
    options = {"pnginfo": notes} if kind == "PNG" else {"xmp": b"<x>written in xmp</x>"}
    shown = author.get(send(drawn(kind, exif=exif.tobytes(), **options)).json["url"])
    assert b"written" not in shown.data


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_taken_with_the_camera_on_its_side_stands_upright(send, author, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    raw = drawn(size=(400, 200), exif=exif.tobytes())
    meant = ImageOps.exif_transpose(Image.open(io.BytesIO(raw)))
    found = opened(author.get(send(raw).json["url"]))
    assert found.size == meant.size
    for corner in ((5, 5), (found.width - 5, 5), (5, found.height - 5)):
        assert found.getpixel(corner) == pytest.approx(meant.getpixel(corner), abs=12)


def test_colours_are_brought_to_srgb_and_the_profile_is_left_out(send, author):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    raw = drawn(icc_profile=profile.tobytes())  # one that does not fit the pixels
    found = opened(author.get(send(raw).json["url"]))
    assert "icc_profile" not in found.info


def test_a_very_large_picture_is_made_smaller(send, author):
    said = send(drawn(size=(4000, 3000))).json
    assert said["width"] == 1920
    assert opened(author.get(said["url"])).size == (1920, 1440)


def test_a_picture_that_is_turned_keeps_all_the_width_there_is_for_it(send):
    exif = Image.Exif()
    exif[0x0112] = 6
    said = send(drawn(size=(3000, 2000), exif=exif.tobytes())).json
    assert (said["width"], said["height"]) == (1920, 2880)


def test_a_tall_picture_stays_whole(send):
    said = send(drawn("PNG", size=(250, 9_500))).json
    assert said["width"] == 250
    assert said["height"] / said["width"] == pytest.approx(38, rel=0.01)


def test_what_is_see_through_stays_so(send, author):
    raw = drawn("PNG", mode="RGBA", colour=(0, 0, 0, 0))
    found = opened(author.get(send(raw, "logo.png").json["url"]))
    assert found.mode == "RGBA"
    assert found.getpixel((900, 600))[3] == 0


def test_a_photograph_sent_as_png_is_kept_as_jpeg(send, monkeypatch):
    monkeypatch.setattr(pictures, "LARGEST_PNG", 100_000)
    noise = Image.effect_noise((600, 450), 80).convert("RGB")
    stream = io.BytesIO()
    noise.save(stream, "PNG")
    said = send(stream.getvalue(), "photo.png").json
    assert said["url"].endswith("/photo.jpg")


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_a_picture_that_moves_the_first_frame_is_kept_and_the_answer_says_so(send, author, kind):
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "lime", "blue")]
    stream = io.BytesIO()
    frames[0].save(stream, kind, save_all=True, append_images=frames[1:], duration=100)
    said = send(stream.getvalue(), "dance.gif").json
    assert "first frame" in said["note"]
    found = opened(author.get(said["url"]))
    assert getattr(found, "n_frames", 1) == 1
    red, green, _blue = found.convert("RGB").getpixel((5, 5))
    assert red > 200 > 60 > green


def test_the_same_file_sent_twice_is_one_picture(send):
    raw = drawn()
    first, second = send(raw, alt="").json, send(raw, "other name.jpg", alt="Boats").json
    assert first["id"] == second["id"]
    assert second["alt"] == "Boats"
    assert db.session.query(Row).count() == 1


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "..\\..\\boot.ini", "/etc/cron.d/x", "a\0b.png", "CON", ".htaccess", "x" * 300, "é" * 90],
)
def test_the_name_of_a_file_leads_nowhere(send, author, uploads, name):
    said = send(drawn("PNG"), name).json
    last = said["url"].rsplit("/", 1)[1]
    assert said["url"].count("/") == 3
    assert ".." not in said["url"]
    assert len(last) < 60
    assert author.get(said["url"]).status_code == 200
    assert {file.relative_to(uploads).parts[0] for file in uploads.rglob("*")} == {said["id"]}


def test_a_file_called_like_a_copy_does_not_take_its_address(send):
    assert send(drawn(), "480.avif").json["url"].endswith("/picture-480.jpg")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not a picture",
        SVG,
        b"<?xml version='1.0'?>" + SVG,
        b"<html><script>alert(1)</script></html>",
        b"%PDF-1.7 ...",
        b"PK\x03\x04" + b"\0" * 100,
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"\xff\xd8\xff\xe0",
        b"RIFF\x10\0\0\0WEBPVP8 ",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    ],
)
@pytest.mark.parametrize("name", ["x.png", "x.svg"])
def test_what_is_no_picture_is_refused_whatever_it_is_called(send, raw, name, uploads):
    assert refused(send(raw, name)).endswith(".")
    assert not list(uploads.rglob("*.*"))


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "ICO", "PPM"])
def test_formats_that_browsers_do_not_share_are_refused(send, kind):
    assert "JPEG, PNG" in refused(send(drawn(kind, size=(64, 64)), "x"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
@pytest.mark.parametrize("part", [0.2, 0.6, 0.95])
def test_a_picture_that_is_cut_short_is_refused(send, kind, part):
    noise = Image.effect_noise((200, 150), 60).convert("RGB")
    stream = io.BytesIO()
    noise.save(stream, kind)
    raw = stream.getvalue()
    refused(send(raw[: int(len(raw) * part)]))


def test_a_bomb_is_refused_by_what_it_says_of_itself(send):
    said = refused(send(png_of(50_000, 50_000, pixels=zlib.compress(b"\0" * 1000))))
    assert "megapixels" in said


def test_a_picture_just_over_the_limit_is_refused_before_it_is_decoded(send, monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda _self: pytest.fail("it was decoded"))
    assert "8,000 by 8,000" in refused(send(png_of(8000, 8000, pixels=zlib.compress(b"\0" * 1000))))


def test_a_line_of_pixels_is_refused(send):
    assert "20,000 on a side" in refused(send(png_of(40_000, 2, pixels=zlib.compress(b"\0" * 1000))))


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP"])
def test_a_bomb_beside_the_pixels_is_harmless(send, kind):
    bomb = kind[:1] + b"\0\0" + zlib.compress(b"\0" * 80_000_000, 9)
    pixels = zlib.compress((b"\0" + b"\x50" * 30) * 10)
    assert send(png_of(10, 10, (kind, bomb), pixels=pixels)).status_code in {201, 422}


def test_a_file_that_is_two_things_at_once_keeps_only_the_picture(send, author):
    raw = drawn("GIF", size=(40, 40)) + b"/*<script>alert(document.domain)</script>*/PK\x05\x06" + b"\0" * 18
    shown = author.get(send(raw, "x.html").json["url"])
    assert shown.mimetype == "image/png"
    assert b"script" not in shown.data
    assert b"PK\x05\x06" not in shown.data


def test_a_file_over_the_limit_is_a_413_in_words(send):
    answer = send(drawn() + b"\0" * operations.limit_in_bytes())
    assert "10 MB" in refused(answer, 413)


def test_a_body_of_a_gigabyte_is_refused_before_it_is_read(author, token):
    class Unread(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, _buffer):
            raise AssertionError("the body was read")

    answer = author.post(
        "/images",
        content_type="multipart/form-data; boundary=x",
        headers={"X-CSRFToken": token},
        environ_overrides={"CONTENT_LENGTH": str(2**30), "wsgi.input": Unread()},
    )
    assert refused(answer, 413)


@pytest.mark.parametrize("fields", [{}, {"file": "words instead of a file"}, {"files": (io.BytesIO(b"x"), "x.png")}])
def test_without_a_file_the_answer_says_so(author, token, fields):
    answer = author.post("/images", data=fields, headers={"X-CSRFToken": token}, content_type="multipart/form-data")
    assert "file" in refused(answer)


def test_too_many_words_are_refused(send):
    assert "500" in refused(send(drawn(), alt="x" * 501))


def test_without_the_token_nothing_is_taken(author):
    answer = author.post("/images", data={"file": (io.BytesIO(drawn()), "x.jpg")})
    refused(answer, 400)


def test_the_token_may_also_be_a_field(author, token):
    answer = author.post("/images", data={"file": (io.BytesIO(drawn()), "x.jpg"), "csrf_token": token})
    assert answer.status_code == 201


def test_who_is_not_signed_in_gets_a_401(app, db):
    client = app.test_client()
    token = csrf(client, "/login")
    answer = client.post("/images", data={"file": (io.BytesIO(drawn()), "x.jpg")}, headers={"X-CSRFToken": token})
    refused(answer, 401)


def test_who_only_reads_gets_a_403(app, world):
    client = sign_in(app.test_client(), world.bob)
    answer = client.post(
        "/images",
        data={"file": (io.BytesIO(drawn()), "x.jpg")},
        headers={"X-CSRFToken": csrf(client, "/settings")},
    )
    refused(answer, 403)


def test_a_quota_that_is_used_up_is_said_in_words(send, monkeypatch):
    monkeypatch.setattr(operations, "MEGABYTE", 1)
    monkeypatch.setattr(operations, "limit_in_bytes", lambda: 10**7)
    assert "1,000 MB" in refused(send(drawn()))


def test_many_in_a_minute_are_slowed_down(send, time_machine):
    time_machine.move_to(datetime.now(UTC), tick=False)  # no minute ends meanwhile
    statuses = {send(b"no picture").status_code for _ in range(61)}
    assert statuses == {422, 429}
    assert "Wait" in send(b"no picture").json["detail"]


def test_while_others_send_for_long_one_is_asked_to_try_again(send, monkeypatch):
    monkeypatch.setattr(pictures, "PATIENCE_SECONDS", 0.01)
    with pictures._alone():
        answer = send(drawn(size=(61, 47)))  # one that no other test has sent
    assert refused(answer, 503)
    assert answer.headers["Retry-After"]


def test_a_storage_that_is_full_is_said_and_leaves_no_row(send, uploads, monkeypatch):
    uploads.parent.mkdir(parents=True, exist_ok=True)
    uploads.write_text("a file where the folder should be")
    try:
        refused(send(drawn()), 503)
    finally:
        uploads.unlink()
