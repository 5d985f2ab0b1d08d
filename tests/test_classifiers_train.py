import json
import re

import joblib
import numpy as np
import pandas as pd
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from classifiers.bundle.bundle import load_manifest, train_pixels
from classifiers.cli import train as command
from classifiers.inference.predictor import Predictor
from classifiers.models import backbones
from classifiers.models.onnx_metadata import described
from classifiers.training import config, dataset, landmarks, loop, pixels
from classifiers.training.bundle_content import TrainOptions, neutral_face
from classifiers.training.read_dataset import hold_out, read_rows
from data.errors import DataError
from data.features.schema import MANIFEST, PIXELS, header_line, row_line
from data.features.table import points_of, read_table
from landmarks.detection.detector import MESH_VERSION
from tests.helpers.small_model import CLASSES, faces, small_classifier

app = typer.Typer()
app.command()(command.main)


SPLITS = (("train", 60, 0), ("validation", 30, 1))
"""Name, rows and seed of a data set's splits."""


def write_table(folder, split="train", n=90, seed=0, copies=False):
    """Write features as `make features` does; with `copies` each picture comes twice."""
    points, y = faces(n, seed)
    if copies:
        points[n // 2 :], y[n // 2 :] = points[: n // 2], y[: n // 2]
    files, pixels = [], ["image\tsplit\tlabel\tpixels"]
    (folder / split).mkdir(parents=True)
    for label in np.unique(y):
        rows = []
        for i in np.flatnonzero(y == label):
            row = {"image": f"{i}.png", "label": label, "split": split, "face": 1, "width": 99}
            row |= {"height": 99, "success": 1, "reason": "", "points": points[i]}
            rows.append(row_line(row))
            number = (i % (n // 2) if copies else i) + 1000 * seed
            pixels.append(f"{i}.png\t{split}\t{label}\t{number:016x}")
        files.append(f"{split}/{label}.csv")
        (folder / files[-1]).write_text(header_line() + "".join(rows))
    (folder / PIXELS).write_text("\n".join(pixels) + "\n")
    (folder / MANIFEST).write_text(
        json.dumps({"format": 3, "mesh": MESH_VERSION, "splits": {}, "files": files})
    )
    return folder


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(landmarks.CLASSIFIERS, "sklearn", small_classifier)
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A table of 120 rows, what was said of the training, and the bundle."""
    folder = tmp_path_factory.mktemp("trained")
    table, out = write_table(folder / "features", n=120), folder / "model"
    return table, run(table, "--out", out, "--data-name", "FER2013"), out


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_trains_a_bundle_that_serves(trained):
    _, done, out = trained
    assert done.exit_code == 0, done.output
    assert "fewer rows than 256" in done.output
    assert str(out) in done.output.replace("\n", "")
    points, y = faces(9, seed=8)
    predictor = Predictor(out)
    assert predictor.classes == CLASSES
    assert [CLASSES[i] for i in predictor.predict_proba(points).argmax(axis=1)] == list(y)
    assert joblib.load(out / "model.joblib").score(points, y) == 1
    assert len(train_pixels(out)) == 120
    assert predictor.manifest["data"]["n_train"] == 108
    card = (out / "card.md").read_text()
    assert "labels are noisy" in card
    assert re.findall(r"^\| (\w+) \| 4 \| [01]\.\d+ \| ", card, re.MULTILINE) == list(CLASSES)
    graph = (out / "model.onnx").read_bytes()
    assert described(graph, predictor.manifest) == graph


def test_a_bundle_says_how_it_was_trained_and_measured(trained):
    _, done, out = trained
    curves = pd.read_csv(out / "curves.csv")
    assert curves["epoch"].tolist() == list(range(1, len(curves) + 1))
    assert (curves["loss"].iloc[-1] < curves["loss"].iloc[0]) & curves["validation_loss"].gt(
        0
    ).all()
    metrics = {
        name: json.loads((out / f"{name}_metrics.json").read_text())
        for name in ("train", "validation")
    }
    assert [m["n_images"] for m in metrics.values()] == [108, 12]
    assert metrics["validation"]["accuracy"] == load_manifest(out)["metrics"]["accuracy"]
    for picture in ("curves.png", "confusion.png"):
        with Image.open(out / picture) as image:
            assert min(image.size) > 300
    assert f"epoch {len(curves):>3}  training loss" in done.stderr
    assert "was kept, the best on validation rows" in done.stdout


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.slow
def test_same_seed_same_bytes(trained, tmp_path):
    table, _, out = trained
    assert run(table, "--out", tmp_path / "same").exit_code == 0
    first, again = (load_manifest(bundle)["files"] for bundle in (out, tmp_path / "same"))
    assert first["model.onnx"] == again["model.onnx"]


@pytest.mark.usefixtures("no_export")
@pytest.mark.slow
def test_another_seed_other_weights(trained, tmp_path):
    table, _, out = trained
    assert run(table, "--out", tmp_path / "other", "--seed", 1).exit_code == 0
    bundles = (out, tmp_path / "other")
    one, other = (joblib.load(bundle / "model.joblib")["classifier"] for bundle in bundles)
    assert (one.networks_[0][0][0] != other.networks_[0][0][0]).any()


@pytest.mark.usefixtures("no_export")
def test_votes_are_learned_beside_the_labels(trained, tmp_path):
    table, _, _ = trained
    votes, out = tmp_path / "votes.csv", tmp_path / "model"
    votes.write_text("image,happiness,NF\n" + "".join(f"{i}.png,3,1\n" for i in range(50)))
    done = run(
        *(table, "--out", out, "--model", "torch", "--average", 1, "--epochs", 1),
        *("--votes", votes),
    )
    assert done.exit_code == 0, done.output
    assert load_manifest(out)["data"]["n_votes"] == 50
    assert "with annotator votes on 50 images, fingerprint" in (out / "card.md").read_text()
    assert joblib.load(out / "model.joblib").predict_proba(faces(9, seed=8)[0]).shape == (9, 3)
    refused = run(table, "--out", tmp_path / "no", "--votes", votes)
    assert refused.exit_code == 1
    assert "Expected --votes with torch, fused or cnn, got it with sklearn" in refused.output


@pytest.mark.usefixtures("no_export")
def test_classes_are_chosen_by_any_of_their_names(tmp_path):
    table, out = write_table(tmp_path / "features"), tmp_path / "model"
    done = run(table, "--out", out, "--classes", "sadness,happy")
    assert done.exit_code == 0, done.output
    assert load_manifest(out)["classes"] == ["happy", "sad"]


@pytest.mark.usefixtures("no_export")
def test_labels_of_one_meaning_are_one_class_and_it_is_said(tmp_path):
    table, other = write_table(tmp_path / "one"), write_table(tmp_path / "other")
    sad = other / "train" / "sad.csv"
    (other / "train" / "Sadness.csv").write_text(sad.read_text().replace(",sad,", ",Sadness,"))
    sad.unlink()
    manifest = json.loads((other / MANIFEST).read_text())
    manifest["files"] = [name.replace("/sad", "/Sadness") for name in manifest["files"]]
    (other / MANIFEST).write_text(json.dumps(manifest))
    out = tmp_path / "model"
    done = run(table, other, "--out", out, "--classes", "sad,happy")
    assert done.exit_code == 0, done.output
    assert "The labels 'Sadness' and 'sad' are one class: sad." in done.stderr
    assert load_manifest(out)["classes"] == ["happy", "sad"]
    y = read_rows([table, other]).y
    assert (y == "sad").sum() == 60
    assert y.tolist() == sorted(y)


@pytest.mark.usefixtures("no_export")
@pytest.mark.parametrize("known", [True, False])
def test_copies_stay_on_one_side(tmp_path, known):
    table = write_table(tmp_path / "features", copies=True)
    if not known:
        (table / PIXELS).unlink()
    rows = read_rows([table])
    held_out = hold_out(rows)
    assert 0 < held_out.sum() < 30
    kept = {points.tobytes() for points in rows.points[~held_out]}
    assert not any(points.tobytes() in kept for points in rows.points[held_out])


@pytest.mark.usefixtures("no_export")
def test_only_training_rows_are_read(tmp_path):
    write_table(tmp_path / "features", "test", 30)
    with pytest.raises(DataError, match="split train, got test only"):
        read_rows([tmp_path / "features"])
    write_table(tmp_path / "both", "train", 60)
    test = [tmp_path / "features" / "test" / f"{name}.csv" for name in CLASSES]
    assert len(read_rows([tmp_path / "both", *test]).y) == 60


@pytest.mark.usefixtures("no_export")
def test_the_split_validation_validates_and_it_is_said(tmp_path, capsys):
    table = [write_table(tmp_path / name, name, n, seed) for name, n, seed in SPLITS]
    rows = read_rows(table)
    assert "split validation, 30 faces, is used for validation." in capsys.readouterr().err
    held_out, validation = rows.points[hold_out(rows)], points_of(read_table(table[1]))
    assert {face.tobytes() for face in held_out} == {face.tobytes() for face in validation}
    assert len(rows.y) == 90
    # Each picture of the split validation is one of train's, too.
    (table[1] / PIXELS).write_text((table[0] / PIXELS).read_text().replace("train", "validation"))
    again = read_rows(table)
    assert "; 30 training images that are copies of them are left out." in capsys.readouterr().err
    assert (hold_out(again).sum(), len(again.y)) == (30, 60)


def test_a_class_that_only_validates_is_refused(tmp_path):
    table = [write_table(tmp_path / name, name, n, seed) for name, n, seed in SPLITS]
    (table[0] / "train" / "sad.csv").unlink()
    manifest = json.loads((table[0] / MANIFEST).read_text())
    manifest["files"].remove("train/sad.csv")
    (table[0] / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(DataError, match="split train in validation, got sad there alone"):
        read_rows(table)


@pytest.mark.usefixtures("no_export")
def test_a_table_without_splits_is_read_whole(tmp_path):
    assert len(read_rows([write_table(tmp_path / "features", "all", 30)]).y) == 30


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--classes", "happy,bored"), "got bored"),
        (("--classes", "happy"), "one class or none: happy"),
    ],
)
def test_bad_classes_are_one_sentence(tmp_path, options, said):
    done = run(write_table(tmp_path / "features"), "--out", tmp_path / "model", *options)
    assert done.exit_code == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "model").exists()


def test_a_class_of_one_face_is_one_sentence(tmp_path):
    done = run(write_table(tmp_path / "features", n=4), "--out", tmp_path / "model")
    assert done.exit_code == 1
    assert "got 1 of" in done.stderr


def test_missing_columns_are_one_sentence(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("image,label\na.png,happy\n")
    done = run(path, "--out", tmp_path / "model")
    assert done.exit_code == 1
    assert "columns" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_out_that_is_something_else_is_left_alone(tmp_path):
    table = write_table(tmp_path / "features")
    done = run(table, "--out", table)
    assert done.exit_code == 1
    assert "nothing there was touched" in done.stderr
    assert (table / MANIFEST).is_file()


def test_an_out_that_cannot_be_written_is_code_3(tmp_path):
    (tmp_path / "file").write_text("")
    done = run(write_table(tmp_path / "features"), "--out", tmp_path / "file" / "model")
    assert done.exit_code == 3
    assert "name another OUT" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--weights", "file.pth"), "got it with sklearn; leave it out (make: WEIGHTS)."),
        (
            ("--average", "3"),
            "with torch, fused or cnn, got it with sklearn; leave it out (make: A",
        ),
        (("--device", "cpu"), "got it with sklearn"),
        (
            ("--set", "model=torsch"),
            "Expected a model among sklearn, torch, fused, cnn, resnet18, ",
        ),
        (("--set", "model=[1]"), "got [1]."),
        (("--set", "optimizer=lion"), "The setting optimizer should be 'sgd', 'adam' or 'adamw'"),
        (("--set", "momentum=0.9"), "Expected settings of sklearn among model, classes, "),
        (("--set", "dropout=0.1"), "got dropout; leave it out."),
        (("--set", "lr=fast"), "The setting lr should be a valid number, got 'fast'."),
        (("--set", "epochs=0"), "The setting epochs should be greater than or equal to 1, got 0."),
        (("--set", "hidden=[8, true]"), "The setting hidden should be a valid integer"),
        (("--set", "lr"), "Expected a setting such as lr=0.01, got 'lr'."),
        (("--model", "torch", "--set", "dropout=2"), "dropout should be less than or equal to 1"),
        (("--config", "nowhere.toml"), "Can't use nowhere.toml"),
        (
            ("--model", "vgg16", "--refit"),
            "Expected --refit with sklearn or torch, got",
        ),
        (("--model", "fused"), "Expected TABLE and IMAGES with fused"),
    ],
)
def test_an_option_of_other_models_is_one_sentence(tmp_path, options, said):
    done = run(tmp_path / "features", "--out", tmp_path / "model", *options)
    assert done.exit_code == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_the_options_name_what_there_is():
    assert tuple(landmarks.CLASSIFIERS) == command.LANDMARK_MODELS
    assert tuple(pixels.NETWORKS) == command.NETWORKS
    assert tuple(backbones.BACKBONES) == command.BACKBONES
    assert command.DEVICES == loop.DEVICES


@pytest.mark.usefixtures("no_export")
def test_a_bundles_own_config_trains_it_again(tmp_path):
    table, files = write_table(tmp_path / "features", n=120), []
    (tmp_path / "given.toml").write_text(
        'seed = 3\nepochs = 2\nhidden = [8]\nclasses = ["sad", "happy"]\n'
    )
    given = ("--config", tmp_path / "given.toml", "--set", "lr=0.01", "--set", "optimizer=sgd")
    again = ("--config", tmp_path / "first" / "config.toml")
    for name, options in (
        ("first", (*given, "--epochs", 3, "--balance", "over")),
        ("again", again),
    ):
        done = run(table, "--out", tmp_path / name, *options)
        assert done.exit_code == 0, done.output
        files.append(joblib.load(tmp_path / name / "model.joblib")["classifier"])
    first, second = files
    assert (tmp_path / "again/config.toml").read_text() == (
        tmp_path / "first/config.toml"
    ).read_text()
    assert (first.networks_[0][0][0] == second.networks_[0][0][0]).all()
    own = {name: first.get_params()[name] for name in ("random_state", "epochs", "hidden", "lr")}
    assert own == {"random_state": 3, "epochs": 3, "hidden": (8,), "lr": 0.01}
    assert (first.optimizer, first.classes_.tolist()) == ("sgd", ["happy", "sad"])


@pytest.mark.parametrize("model", [*command.LANDMARK_MODELS, *command.PIXEL_MODELS])
def test_the_settings_of_each_model_are_read_as_they_are_written(model, tmp_path):
    settings = config.with_defaults({"model": model})
    path = tmp_path / "config.toml"
    path.write_text(config.to_toml(settings))
    assert config.with_defaults(config.read_config(path)) == settings
    assert {"lr", "weight_decay", "batch_size", "epochs", "patience", "optimizer", "flip"} <= set(
        settings
    )


@pytest.mark.parametrize(
    ("balance", "counts"), [("none", [6, 3]), ("down", [3, 3]), ("over", [6, 6])]
)
def test_balanced_rows(balance, counts):
    y = np.array(["a"] * 8 + ["b"] * 4)
    allowed = np.arange(12) % 4 != 0
    chosen = dataset.balanced_rows(y, allowed, balance, 0)
    assert allowed[chosen].all()
    assert [(y[chosen] == name).sum() for name in "ab"] == counts
    assert set(np.flatnonzero(allowed & (y == "b"))) == set(chosen[y[chosen] == "b"])


@pytest.mark.parametrize(
    ("balance", "class_weight", "sampler"),
    [
        ("none", None, None),
        ("roots", {"a": 1.0, "b": 2.0}, None),
        ("weights", "balanced", None),
        ("sampler", None, "balanced"),
    ],
)
def test_balance_reaches_the_classifier(balance, class_weight, sampler):
    options = TrainOptions("x", "0", balance=balance)
    classifier = landmarks._classifier(options, np.array(["a"] * 8 + ["b"] * 2))
    assert classifier.class_weight == class_weight
    assert classifier.sampler == sampler


def test_the_neutral_face_is_the_mean_neutral_one():
    points, y = faces(30)
    neutral = np.array(neutral_face(points, y))
    alone = np.array(neutral_face(points[y == "neutral"], y[y == "neutral"]))
    np.testing.assert_array_equal(neutral, alone)
    assert neutral.shape == (468, 3)
    assert (neutral_face(points[y != "neutral"], y[y != "neutral"]) != neutral).any()


@pytest.mark.usefixtures("no_export")
def test_refit_learns_from_all_rows_and_keeps_the_honest_metrics(trained, tmp_path):
    table, _, plain = trained
    again = tmp_path / "again"
    assert run(table, "--out", again, "--refit").exit_code == 0
    seen = [joblib.load(out / "model.joblib")["scaler"].n_samples_seen_ for out in (plain, again)]
    assert seen == [2 * 108, 2 * 120]
    assert "trained again on all of them" in (again / "card.md").read_text()
