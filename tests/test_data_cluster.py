"""A cluster writes what one machine writes: dask's in two processes here, Ray's where it is."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from data.errors import DataError, StorageError
from data.features import cluster
from data.features.chunks import plan_chunks
from data.features.extraction import extract_features
from data.features.workers import run_chunks
from data.sources import read_images
from tests.helpers.face_folder import contents
from tests.helpers.paths import ROOT

FACES = {"train/happy": 2, "train/neutral": 1, "train/sad": 2, "test/happy": 1, "test/sad": 1}


@pytest.fixture(scope="module")
def alone(faces, tmp_path_factory):
    out = tmp_path_factory.mktemp("alone")
    extract_features(faces, out, workers=1)
    return contents(out)


@pytest.fixture(scope="module")
def dask():
    """Run a scheduler and two workers, each a process, and give the cluster."""
    distributed = pytest.importorskip("distributed")
    size = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    with distributed.LocalCluster(host="127.0.0.1", dashboard_address=":0", **size) as running:
        yield running


def start(*arguments):
    command = [sys.executable, "-m", "data", "features", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)


@pytest.mark.slow
def test_two_dask_processes_write_the_same_bytes_as_one(faces, dask, alone, tmp_path):
    address = dask.scheduler_address
    done = start(faces, tmp_path, "--backend", "dask", "--scheduler", address)
    assert done.returncode == 0, done.stderr
    assert "7 images" in done.stdout
    assert contents(tmp_path) == alone
    with dask.get_client() as client:
        shares = client.run(lambda: "mediapipe" in sys.modules)
    assert list(shares.values()) == [True, True]


@pytest.mark.slow
def test_what_a_worker_says_arrives_as_it_was_said(faces, dask, tmp_path):
    # Nobody made the folder of the parts.
    (chunk, *_) = plan_chunks(read_images(faces), tmp_path)
    with pytest.raises(StorageError, match=r"^Can't write .*\.part: No such file"):
        run_chunks([chunk], 1, "dask", int, dask.scheduler_address)


@pytest.mark.slow
def test_a_worker_that_sees_other_images_refuses(faces, dask, tmp_path):
    (chunk, *_) = plan_chunks(read_images(faces), tmp_path)
    other = replace(chunk, part=chunk.part.with_stem("0" * 24))
    with pytest.raises(DataError, match=r"^The worker on .* sees other images at .*000.png"):
        run_chunks([other], 1, "dask", int, dask.scheduler_address)


def test_threads_of_a_worker_take_turns(faces, tmp_path, monkeypatch):
    inside = []

    def write_part(chunk):
        inside.append(chunk)
        time.sleep(0.02)
        assert len(inside) == 1
        inside.pop()
        return len(chunk.refs)

    monkeypatch.setattr(cluster, "write_part", write_part)
    chunks = plan_chunks(read_images(faces), tmp_path)
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(cluster.extract_on_worker, chunks)) == 7


def test_ray_writes_the_same_bytes(faces, alone, tmp_path):
    ray = pytest.importorskip("ray", reason="Ray is large and not among the requirements")
    node = ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    address = node.address_info["gcs_address"]
    try:
        done = start(faces, tmp_path, "--backend", "ray", "--scheduler", address)
    finally:
        ray.shutdown()
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path) == alone


def test_without_a_scheduler_at_the_address_it_is_one_sentence(faces, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with pytest.raises(DataError, match=r"^No dask scheduler answers at tcp://127.0.0.1:9; .*\.$"):
        extract_features(faces, tmp_path, backend="dask", scheduler="tcp://127.0.0.1:9")


def test_without_a_ray_cluster_at_the_address_it_is_one_sentence(faces, tmp_path, monkeypatch):
    # Ray isn't asked, which would knock for minutes.
    for name in ("ray", "ray.util", "ray.util.joblib"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(register_ray=None))
    with pytest.raises(DataError, match=r"^No Ray cluster answers at 127.0.0.1:9; .*\.$"):
        extract_features(faces, tmp_path, backend="ray", scheduler="127.0.0.1:9")


def test_a_scheduler_without_workers_is_one_sentence(faces, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    bare = {"n_workers": 0, "host": "127.0.0.1", "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(**bare) as running,
        pytest.raises(DataError, match=r"^The dask cluster couldn't finish, .* no worker"),
    ):
        extract_features(faces, tmp_path, backend="dask", scheduler=running.scheduler_address)


@pytest.mark.parametrize(
    ("package", "backend", "pip"),
    [("distributed", "dask", "pip install 'dask\\[distributed\\]'"), ("ray", "ray", "'ray'")],
)
def test_a_missing_package_is_named(faces, tmp_path, monkeypatch, package, backend, pip):
    monkeypatch.setitem(sys.modules, package, None)
    scheduler = "tcp://127.0.0.1:9"
    with pytest.raises(DataError, match=f"BACKEND={backend} needs a package .*{pip}"):
        extract_features(faces, tmp_path, backend=backend, scheduler=scheduler)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"scheduler": "tcp://127.0.0.1:9"}, "SCHEDULER is the address of a cluster, but BACKEND"),
        ({"backend": "dask"}, "BACKEND=dask needs the address of a running scheduler"),
        ({"backend": "ray", "workers": 2}, "BACKEND=ray uses all workers of its cluster"),
    ],
)
def test_settings_that_contradict_one_another_are_refused(faces, tmp_path, settings, sentence):
    with pytest.raises(DataError, match=sentence):
        extract_features(faces, tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()


def test_a_worker_without_mien_is_one_sentence(faces, tmp_path):
    distributed = pytest.importorskip("distributed")
    (chunk, *_) = plan_chunks(read_images(faces), tmp_path)
    with distributed.LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=":0") as empty:
        address = empty.scheduler_address
        command = [Path(sys.executable).with_name("dask"), "worker", address, "--no-dashboard"]
        # Its folder isn't Mien's; stderr to nowhere, for a worker that is ended says so.
        worker = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
        try:
            empty.get_client().wait_for_workers(1, timeout=60)
            with pytest.raises(DataError, match="a worker lacks data: start workers in Mien"):
                run_chunks([chunk], 1, "dask", int, address)
        finally:
            worker.kill()
            worker.wait()
