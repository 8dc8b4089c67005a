"""The pixels: reading what somebody sent without believing anything about it, and writing files of our own.

Nothing of a sent file is ever served. Its pixels are decoded and written anew; whatever else was in it stays behind.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image, ImageCms, UnidentifiedImageError

from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.images.models import Format

READ = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
MOST_PIXELS = 30_000_000
"""Each costs four bytes, and in some formats more than twice that while it is decoded: some 300 MB at most."""
MOST_PIXELS_OF_JPEG = 50_000_000
"""What a good telephone takes. It is decoded at a fraction of its size, so it costs less."""
LONGEST_SIDE = 20_000
WIDEST = 1920
"""Pixels of a kept picture, which is made smaller to fit."""
LARGEST = 8_000_000
LARGEST_PNG = 600_000
"""Bytes from which a picture without transparency is kept as JPEG, unless that is no smaller."""
PATIENCE_SECONDS = 20.0
ORIENTATION = 0x0112
"""Exif 2.32, 4.6.4. :data:`TURNS` is what each of its values asks for."""
TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = frozenset(TURNS[value] for value in (5, 6, 7, 8))
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

_one_at_a_time = threading.BoundedSemaphore(1)


class Busy(Exception):
    """Others' pictures are being read in this process: try again in a moment."""


@dataclass(frozen=True)
class Picture:
    """A picture as we keep it. ``original`` is what it was sent as; of one that moved only the first frame is kept."""

    data: bytes
    format: Format
    width: int
    height: int
    original: str
    moved: bool


def read(raw: bytes) -> Picture:
    """Decodes what was sent and writes it anew: upright, in sRGB, at most :data:`WIDEST` wide.

    Raises :class:`Refused` for ``file`` with a sentence, :class:`Busy` when it would have to wait too long.
    """
    with _alone(), _refusing(), Image.open(io.BytesIO(raw), formats=READ) as sent:
        original = (sent.format or "").lower()
        _check_size(*sent.size, most=MOST_PIXELS_OF_JPEG if original == "jpeg" else MOST_PIXELS)
        moved = bool(getattr(sent, "is_animated", False))
        turn = TURNS.get(sent.getexif().get(ORIENTATION))
        if original == "jpeg":
            _read_smaller(sent, turn)
        sent.load()
        picture = _plain(_upright(_resizable(sent), turn), sent.info.get("icc_profile"))
        data, kind = _kept(picture, is_photo=original == "jpeg")
        return Picture(data, kind, picture.width, picture.height, original, moved)


def check(data: bytes, kind: Format, width: int, height: int) -> None:
    """Decodes a file that is said to be one of ours. Raises :class:`Refused` when it is another picture, or none."""
    with _alone(forever=True), _refusing(), Image.open(io.BytesIO(data), formats=[kind.value.upper()]) as kept:
        if kept.size != (width, height) or width * height > MOST_PIXELS:
            raise Refused("file", _("It is another picture than the archive says."))
        kept.load()


def smaller(data: bytes, width: int, kind: Format) -> bytes:
    """A copy of a kept picture, ``width`` pixels wide."""
    with _alone(forever=True), Image.open(io.BytesIO(data), formats=READ) as kept:
        kept.load()
        height = max(1, round(kept.height * width / kept.width))
        copy = kept if width == kept.width else kept.resize((width, height), Image.Resampling.LANCZOS)
        if kind is Format.AVIF:
            return _written(copy, "AVIF", quality=60, speed=7, max_threads=1)
        return _written(copy, "WEBP", quality=78, method=4)


def _check_size(width: int, height: int, *, most: int) -> None:
    """By what the file says of itself, before a single pixel is decoded."""
    if width * height > most or max(width, height) > LONGEST_SIDE:
        raise Refused(
            "file",
            _(
                "It is %(width)s by %(height)s pixels. We take pictures of up to %(most)s megapixels, "
                "%(side)s on a side.",
                width=f"{width:,}",
                height=f"{height:,}",
                most=most // 1_000_000,
                side=f"{LONGEST_SIDE:,}",
            ),
        )
    if not width or not height:
        raise Refused("file", _("It is an empty picture."))


def _read_smaller(sent: Image.Image, turn: Image.Transpose | None) -> None:
    """JPEG can be decoded at a half, a quarter or an eighth of its size, which saves the memory and the time."""
    shrink = _scale(*sent.size, turn)
    sent.draft(None, (round(sent.width * shrink), round(sent.height * shrink)))


def _resizable(sent: Image.Image) -> Image.Image:
    """In a mode whose pixels can be mixed. What can be already is not copied: it may be very large."""
    if sent.mode.startswith(("I", "F")):
        return sent.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if sent.mode in {"P", "PA"} or "transparency" in sent.info:
        return sent.convert("RGBA")
    return sent.convert("L") if sent.mode == "1" else sent


def _upright(picture: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    """As whoever held the camera saw it, and no larger than is kept. Made smaller first: turning copies it."""
    shrink = _scale(*picture.size, turn)
    if shrink < 1:
        size = (max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink)))
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return picture if turn is None else picture.transpose(turn)


def _scale(width: int, height: int, turn: Image.Transpose | None) -> float:
    """How much smaller it has to be, to be narrow enough once it stands upright."""
    upright = height if turn in SIDEWAYS else width
    return float(min(1.0, WIDEST / upright, (LARGEST / (width * height)) ** 0.5))


def _plain(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The pixels as sRGB, 8 bits, with transparency only where there is some."""
    is_see_through = picture.mode in {"LA", "La", "RGBA", "RGBa"}
    mode = "RGBA" if is_see_through else "RGB"
    picture = _in_srgb(picture, profile, mode) if profile else picture.convert(mode)
    if is_see_through and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    picture.info = {}  # some writers would put what is in here into the new file
    return picture


def _in_srgb(picture: Image.Image, profile: bytes, mode: str) -> Image.Image:
    """With the colours that the profile means. A profile that makes no sense is left out."""
    if picture.mode in {"L", "LA", "1"}:
        return picture.convert(mode)
    try:
        meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, meant, SRGB, outputMode=mode) or picture.convert(mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture.convert(mode)


def _kept(picture: Image.Image, *, is_photo: bool) -> tuple[bytes, Format]:
    """A drawing stays sharp as PNG, a photograph is smaller as JPEG."""
    if is_photo:
        return _as_jpeg(picture), Format.JPEG
    as_png = _written(picture, "PNG", optimize=picture.width * picture.height < 1_000_000)
    if picture.mode == "RGB" and len(as_png) > LARGEST_PNG and len(as_jpeg := _as_jpeg(picture)) < len(as_png):
        return as_jpeg, Format.JPEG
    return as_png, Format.PNG


def _as_jpeg(picture: Image.Image) -> bytes:
    return _written(picture, "JPEG", quality=86, optimize=True, progressive=True)


def _written(picture: Image.Image, kind: str, **options: int) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


@contextmanager
def _alone(*, forever: bool = False) -> Iterator[None]:
    """One picture at a time in each process, so that many at once need no more memory than one."""
    if not _one_at_a_time.acquire(timeout=None if forever else PATIENCE_SECONDS):
        raise Busy
    try:
        yield
    finally:
        _one_at_a_time.release()


@contextmanager
def _refusing() -> Iterator[None]:
    """What the library raises for a file that is none, only half of one, or made to do harm."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # we count the pixels ourselves
            yield
    except UnidentifiedImageError:
        raise Refused("file", _("That is no picture we can read. Send a JPEG, PNG, WebP, AVIF or GIF.")) from None
    except Image.DecompressionBombError:
        raise Refused(
            "file",
            _(
                "It has more than %(most)s megapixels.",
                most=MOST_PIXELS_OF_JPEG // 1_000_000,
            ),
        ) from None
    except (OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError, OverflowError, MemoryError):
        raise Refused("file", _("The picture is damaged or not all there. Save it anew, then send it again.")) from None
