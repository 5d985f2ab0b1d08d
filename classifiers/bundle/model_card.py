"""Write the model card of a bundle from its manifest."""

from collections.abc import Mapping
from typing import Any

DATA_NOTES = {
    "fer2013": (
        "FER2013's labels are noisy: people asked again agree with about two labels of three. The "
        "rights in its images are unresolved, and who is in them, with what consent, is not known. "
        "The images themselves are not part of this bundle. Mien gives the weights under its MIT "
        "licence; what the terms of the data set mean for them is not settled."
    ),
}
"""Notes on data sets, by their name in lower case."""

COPIES_APART = "no picture has a copy on both sides"
"""Description of the validation rows where nothing else was chosen."""

OWN_SPLIT = "the data set's own validation split, which no training image has an identical copy in"

REFIT = "; then it was trained again on all of them"

SEEN = """
{:,} of the validation images had a part in the weights that it began with: the figures below and
the confidences are too high."""

VOTES = ", with annotator votes on {:,} images"

NO_NOTES = "Nothing is known of this data set here; describe it before you pass the model on."

CARD = """# Model card: {name}

Reads the expression that a face shows: {classes}.

## What it is
- {model} on {preprocessing}, seed {seed}, balance {balance}.
- Input: {input}
- Size: {megabytes:.1f} MB to serve
- Mesh: {mesh}, {meshes} a face
- Confidences are calibrated class by class (vector scaling); below {uncertain_threshold:.2f} the
  prediction is uncertain.
- The confidences are for faces of which the classes have these shares: {shares}.

## What it learned from
{n_train:,} faces trained it and {n_validation:,} chose its epoch, or calibration and threshold
({validation}{refit}). Data: {data_name}{votes}, fingerprint `{fingerprint}`.{seen}
{notes}

## How good it is
On the validation rows, by which it was also chosen; measure it on images of your own with
`make evaluate`.

| metric | |
|---|---|
{metric_rows}

| class | images | precision | recall | F1 |
|---|--:|--:|--:|--:|
{class_rows}

## What it is not for
It says which expression a face shows, as people labelled such faces, not what a person feels. It is
not for work, school, hiring or policing; the EU AI Act forbids emotion inference at work and in
education. It was not tested for equal accuracy across ages, genders and skin colours.
"""


def model_card(
    manifest: dict[str, Any], size: int, per_class: Mapping[str, Mapping[str, float]]
) -> str:
    """Return the card of a bundle in Markdown.

    Parameters
    ----------
    manifest : dict
        What `classifiers.bundle.bundle` keeps; see `classifiers.cli.train`.
    size : int
        Bytes of what is served.
    per_class : mapping
        The validation rows' ``per_class`` of `classifiers.evaluation.metrics.measure`.
    """
    data, metrics = manifest["data"], manifest["metrics"]
    metric_rows = [f"| {name.replace('_', ' ')} | {value:.3f} |" for name, value in metrics.items()]
    return CARD.format(
        **{key: manifest[key] for key in _PLAIN},
        classes=", ".join(manifest["classes"]),
        megabytes=size / 1e6,
        shares=", ".join(
            f"{name} {share:.0%}"
            for name, share in zip(manifest["classes"], manifest["prior"], strict=True)
        ),
        validation=manifest.get("validation", COPIES_APART),
        refit=REFIT if manifest["refit"] else "",
        votes=VOTES.format(data["n_votes"]) if data.get("n_votes") else "",
        seen=SEEN.format(seen) if (seen := manifest.get("n_validation_seen")) else "",
        **data,
        notes=DATA_NOTES.get(data["data_name"].lower(), NO_NOTES),
        metric_rows="\n".join(metric_rows),
        class_rows="\n".join(_class_row(name, row) for name, row in per_class.items()),
    )


def _class_row(name: str, metrics: Mapping[str, Any]) -> str:
    """Return the metrics of a class, a hyphen for what no row tells."""
    shares = (metrics[key] for key in ("precision", "recall", "f1"))
    cells = ("-" if share is None or share != share else f"{share:.3f}" for share in shares)
    return " | ".join([f"| {name}", f"{metrics['n']:,}", *cells]) + " |"


_PLAIN = (
    "name",
    "model",
    "preprocessing",
    "seed",
    "balance",
    "input",
    "mesh",
    "meshes",
    "uncertain_threshold",
)
