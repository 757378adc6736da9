"""What lies inside a self-contained page: pictures as addresses, and the hash by which a page allows its own script."""

from __future__ import annotations

import base64
import hashlib
import io

from markupsafe import Markup
from PIL import Image

_QUALITY = 82


def data_uri(content: bytes, kind: str = "jpeg") -> Markup:
    """A file of the kind jpeg or png as the address of an image inside the page."""
    return Markup(f"data:image/{kind};base64,{as_text(content)}")


def small_jpeg(picture: Image.Image, most_px: tuple[int, int]) -> Markup:
    """The picture as such an address, no wider or higher than so many pixels, for a page that holds many of them."""
    small = picture.convert("RGB")
    small.thumbnail(most_px)
    content = io.BytesIO()
    small.save(content, "JPEG", quality=_QUALITY)
    return data_uri(content.getvalue())


def script_hash(script: str) -> str:
    """The SHA-256 of a script as a content security policy names it, without the word sha256."""
    return as_text(hashlib.sha256(script.encode()).digest())


def as_text(content: bytes) -> str:
    """Base64."""
    return base64.b64encode(content).decode("ascii")
