"""Encoding photos and posting them, for the tests of the page and of its server."""

from io import BytesIO
from urllib.request import Request, urlopen

import numpy as np
import skimage.data
from PIL import Image


def encoded(rgb, form="PNG", **options):
    buffer = BytesIO()
    Image.fromarray(rgb).save(buffer, form, **options)
    return buffer.getvalue()


PHOTO = encoded(np.full((120, 160, 3), 200, np.uint8))
PORTRAIT = encoded(skimage.data.astronaut())


def post(client, content=PHOTO, name="photo.png", path="/"):
    return client.post(path, data={"image": (BytesIO(content), name)})


def send(address, content, name="photo.png"):
    head = f'--b\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + b"\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    with urlopen(Request(address, body, headers)) as response:
        return response.read().decode()
