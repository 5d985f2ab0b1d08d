"""Whatever bytes come: an image within the limits or an ImageError, an answer or a 4xx.

Hypothesis finds the bytes; ``make fuzz SECONDS=600`` lets it look for longer. A fuzzer that is led
by coverage, such as atheris, has nothing to follow here: the decoders are compiled without it.
"""

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from landmarks.images import MAX_PIXELS, PAGE_FORMATS, ImageError, read_image
from landmarks.sanitize import TooManyParts, trimmed
from tests.helpers.fake_predictor import FakePredictor
from tests.helpers.fuzzing import fuzzed
from tests.helpers.posting import PHOTO
from tests.reliability.mutants import KINDS, good_images
from web import create_app
from web.inference.service import Reader

GOOD = good_images()


@st.composite
def broken_images(draw):
    """A good image, broken one to four times, sometimes with bytes of Hypothesis's own."""
    content = GOOD[draw(st.sampled_from(sorted(GOOD)))]
    dice = draw(st.randoms(use_true_random=False))
    for breaks in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4)):
        if len(content) > 8:
            content = bytes(breaks(bytearray(content), dice))
    at = draw(st.integers(0, len(content)))
    return content[:at] + draw(st.binary(max_size=40)) + content[at:]


headers = st.sampled_from([content[:n] for content in GOOD.values() for n in (4, 12, 40, 200)])
anything = st.one_of(
    broken_images(),
    st.binary(max_size=300),
    st.builds(bytes.__add__, headers, st.binary(max_size=300)),
)


@fuzzed()
@given(anything)
def test_decoding_gives_an_image_within_the_limits_or_an_image_error(content):
    try:
        rgb = read_image(content, PAGE_FORMATS)
    except ImageError as error:
        event(error.reason)
        return
    assert rgb.dtype == np.uint8
    assert rgb.ndim == 3
    assert rgb.shape[2] == 3
    assert 0 < rgb.shape[0] * rgb.shape[1] <= MAX_PIXELS


@fuzzed()
@given(anything)
def test_what_is_trimmed_is_no_longer_and_stays_as_it_is(content):
    try:
        once = trimmed(content)
    except TooManyParts:
        return
    assert len(once) <= len(content)
    assert trimmed(once) == once


@pytest.fixture(scope="module")
def client():
    return create_app(Reader(FakePredictor())).test_client()


parts = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from([
            b"--b\r\n",
            b"--b--\r\n",
            b"\r\n\r\n",
            b'Content-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n',
            b'Content-Disposition: form-data; name="image"; filename*=UTF-8\'\'%00%ff\r\n\r\n',
            b"Content-Type: image/png\r\n",
            b"Content-Transfer-Encoding: base64\r\n",
            PHOTO,
        ]),
    ),
    max_size=12,
)  # fmt: skip
types = st.sampled_from([
    "multipart/form-data; boundary=b",
    "multipart/form-data; boundary=",
    "multipart/form-data",
    "multipart/form-data; boundary=\xff",
    "application/x-www-form-urlencoded",
    "text/plain",
    "",
])  # fmt: skip


@fuzzed()
@given(body=parts.map(b"".join), kind=types, path=st.sampled_from(["/", "/api/predict"]))
def test_no_form_is_an_error_of_the_server(client, body, kind, path):
    response = client.post(path, data=body, content_type=kind)
    event(str(response.status_code))
    assert response.status_code == 200 or 400 <= response.status_code < 500
    assert "Traceback" not in response.text
