"""What /metrics counts, read with Prometheus' own parser."""

from io import BytesIO

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.helpers.fake_predictor import FakePredictor
from tests.helpers.posting import PHOTO, post
from web import create_app
from web.inference.service import Reader


def client_of(reader=None):
    return create_app(reader or Reader(FakePredictor(n_faces=2))).test_client()


def counts_of(client):
    """Return (name, labels' values) -> value of every sample."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.mimetype == "text/plain"
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_endpoint_and_status():
    client = client_of()
    client.get("/")
    post(client, path="/api/predict")
    post(client, b"bad", path="/api/predict")
    counts = counts_of(client)
    assert counts["mien_requests_total", "page", "200"] == 1
    assert counts["mien_requests_total", "predict", "200"] == 1
    assert counts["mien_requests_total", "predict", "415"] == 1
    assert counts["mien_request_seconds_count", "predict"] == 2
    assert counts["mien_request_seconds_bucket", "predict", "+Inf"] == 2
    assert counts["mien_request_seconds_sum", "predict"] > 0


@pytest.mark.parametrize("path", ["/", "/api/predict"])
def test_photos_and_faces_are_counted_whoever_asks(path):
    client = client_of()
    client.post(path, data={"image": [(BytesIO(PHOTO), "a.png"), (BytesIO(PHOTO), "b.png")]})
    post(client, b"bad", path=path)
    counts = counts_of(client)
    assert counts["mien_photos_total", "read"] == 2
    assert counts["mien_photos_total", "unreadable"] == 1
    assert counts["mien_faces_total",] == 4
    assert counts["mien_errors_total", "unreadable"] == 1


def test_refusals_are_counted_by_reason():
    client = client_of()
    client.post("/api/predict")
    client.post("/", headers={"Origin": "https://evil.example"})
    client.get("/", headers={"Host": "evil.example"})
    counts = counts_of(client)
    assert counts["mien_errors_total", "not-a-form"] == 1
    assert counts["mien_errors_total", "cross-site"] == 1
    assert counts["mien_errors_total", "wrong-host"] == 1


def test_what_a_visitor_types_makes_no_label():
    client = client_of()
    before = counts_of(client)
    for i in range(20):
        client.get(f"/typed-{i}")
        client.open("/", method=f"TYPED{i}")
        client.get("/", headers={"Host": f"typed-{i}.example"})
        client.get("/static/typed-{i}")
        post(client, name=f"typed-{i}.png", path="/api/predict?typed=1")
    text = client.get("/metrics").text
    assert "typed" not in text.lower()
    assert counts_of(client)["mien_requests_total", "unknown", "404"] == 20
    assert len(counts_of(client)) < len(before) + 100


def test_every_application_counts_for_itself():
    one, other = client_of(), client_of()
    one.get("/")
    assert ("mien_requests_total", "page", "200") in counts_of(one)
    assert ("mien_requests_total", "page", "200") not in counts_of(other)


def test_a_reader_with_workers_shows_how_they_fare():
    reader = Reader(FakePredictor())
    reader.waiting, reader.restarts = 3, 1
    client = client_of(reader)
    assert counts_of(client)["mien_queue_depth",] == 3
    reader.waiting = 0
    counts = counts_of(client)
    assert counts["mien_queue_depth",] == 0
    assert counts["mien_worker_restarts",] == 1
    assert ("mien_queue_depth",) not in counts_of(client_of())
