"""Train a classifier: ``python -m classifiers train TABLE [IMAGES] --model MODEL``."""

from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from classifiers.bundle.bundle import check_place
from classifiers.cli.training_summary import training_errors
from classifiers.models.calibration import PRIORS
from classifiers.training.dataset import BALANCES
from data.errors import DataError

LANDMARK_MODELS = ("sklearn", "torch")
NETWORKS = ("fused", "cnn")
BACKBONES = ("resnet18", "resnet34", "resnet50", "vgg16", "mobilenet_v3_large", "vit_b_16")
PIXEL_MODELS = (*NETWORKS, *BACKBONES)
DEVICES = ("auto", "cpu", "cuda")

FITS = {
    "drop-outliers": LANDMARK_MODELS,
    "refit": LANDMARK_MODELS,
    "device": PIXEL_MODELS,
    "keep-run": PIXEL_MODELS,
    "votes": ("torch", *NETWORKS),
    "average": ("torch", *NETWORKS),
    "weights": PIXEL_MODELS,
}
"""The models that each option is for; the others are for all."""

Model = Enum("Model", {name: name for name in (*LANDMARK_MODELS, *PIXEL_MODELS)})
Balance = Enum("Balance", {name: name for name in BALANCES})
Prior = Enum("Prior", {name: name for name in PRIORS})
Device = Enum("Device", {name: name for name in DEVICES})

ON_LANDMARKS, ON_PIXELS = "Models on landmarks", "Models on pixels"


def main(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="TABLE... [IMAGES]",
            help="Folder of make features, or its CSVs; for a model on pixels also the images that "
            "they were made of.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the bundle.")],
    model: Annotated[
        Model | None,
        typer.Option(
            help="sklearn, torch: MLPs on landmarks; fused: pixels and landmarks; the others: a "
            "network on pixels alone. sklearn if left out."
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings in TOML, such as a bundle's config.toml."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A setting of the config, such as lr=0.01; repeat."
        ),
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help="Classes to train, with commas between; all if left out.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Same seed, same model; 0.")] = None,
    balance: Annotated[
        Balance | None, typer.Option(help="What is done about rare classes; none if left out.")
    ] = None,
    prior: Annotated[
        Prior | None,
        typer.Option(help="Shares of the classes that the model is served for; training."),
    ] = None,
    data_name: Annotated[
        str | None, typer.Option(help="The data set's name, for the model card.")
    ] = None,
    drop_outliers: Annotated[
        bool,
        typer.Option(
            "--drop-outliers",
            help="Leave out the rows that make audit lists.",
            rich_help_panel=ON_LANDMARKS,
        ),
    ] = False,
    refit: Annotated[
        bool,
        typer.Option(
            "--refit",
            help="Train again on all rows, once validation rows gave the figures.",
            rich_help_panel=ON_LANDMARKS,
        ),
    ] = False,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the faces, at most.")
    ] = None,
    average: Annotated[
        int | None,
        typer.Option(min=1, help="Networks of several seeds that are averaged; torch, fused, cnn."),
    ] = None,
    device: Annotated[
        Device | None,
        typer.Option(
            help="Auto, if left out: the GPU where there is one.", rich_help_panel=ON_PIXELS
        ),
    ] = None,
    votes: Annotated[
        Path | None,
        typer.Option(
            help="CSV of annotator votes, such as FER+'s, to learn as well; torch, fused, cnn."
        ),
    ] = None,
    keep_run: Annotated[
        bool,
        typer.Option(
            "--keep-run",
            help="Leave checkpoint and curves in OUT-run when all is done.",
            rich_help_panel=ON_PIXELS,
        ),
    ] = False,
    weights: Annotated[
        str,
        typer.Option(
            help="What training starts from: a bundle; for a backbone also a file of a state_dict "
            "or safetensors; or random. If left out, ImageNet's from torchvision for a backbone.",
            rich_help_panel=ON_PIXELS,
        ),
    ] = "",
) -> None:
    """Train on the split train (or on all rows, if there are no splits) and write a bundle.

    Settings are taken from options, then from --set, then from --config. All of them are written
    into OUT, as config.toml. A model on pixels keeps checkpoint and curves in OUT-run until it is
    done; a stopped run goes on from there. Exit code 1: something doesn't fit; 3: an I/O error.

    Example: python -m classifiers train build/features photos/ --model fused --out build/model
    """
    options = {
        "model": model and model.value,
        "classes": None if classes is None else _names_in(classes),
        "seed": seed,
        "balance": balance and balance.value,
        "prior": prior and prior.value,
        "data_name": data_name,
        "refit": refit or None,
        "drop_outliers": drop_outliers or None,
        "epochs": epochs,
        "n_networks": average,
    }
    given = {
        "drop-outliers": drop_outliers,
        "refit": refit,
        "device": device,
        "votes": votes,
        "average": average,
        "keep-run": keep_run,
        "weights": weights,
    }
    with training_errors(stopped="Stopped; nothing was written."):
        check_place(out)
        settings = _settings(config, set_ or (), options, given)
        if settings["model"] in LANDMARK_MODELS:
            from classifiers.cli.train_landmarks import train_landmarks

            train_landmarks(paths, out, settings, votes)
        else:
            from classifiers.cli.train_pixels import train_pixels

            table, images = _table_and_images(settings["model"], paths)
            where = device.value if device else "auto"
            train_pixels(table, images, out, settings, where, votes, weights, keep_run)


def _settings(
    config: Path | None,
    assignments: Sequence[str],
    options: Mapping[str, Any],
    given: Mapping[str, object],
) -> dict[str, Any]:
    """Return all settings, after checking that the options are for the model."""
    # Only here: it brings PyTorch and scikit-learn, which the other sub-commands don't need.
    from classifiers.training.config import parse, read_config, with_defaults

    settings = {"model": "sklearn"} | (read_config(config) if config else {}) | parse(assignments)
    settings |= {name: value for name, value in options.items() if value is not None}
    _check_options(settings["model"], given)
    return with_defaults(settings)


def _check_options(model: str, given: Mapping[str, object]) -> None:
    """Refuse options that are for other models."""
    for option, models in FITS.items():
        if given[option] and model not in models:
            raise DataError(
                f"Expected --{option} with {_one_of(models)}, got it with {model}; leave it out "
                f"(make: {option.replace('-', '_').upper()})."
            )


def _table_and_images(model: str, paths: Sequence[Path]) -> tuple[list[Path], Path]:
    """Return the table and, behind it, the images."""
    if len(paths) < 2:
        raise DataError(
            f"Expected TABLE and IMAGES with {model}, which looks at pixels, got TABLE alone; name "
            "the images that the features were made of behind it."
        )
    *table, images = paths
    return table, images


def _names_in(classes: str) -> list[str]:
    """Return the classes that an option names, with commas between."""
    return [name.strip() for name in classes.split(",") if name.strip()]


def _one_of(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}"
