"""Train a classifier: ``python -m classifiers train TABLE [IMAGES] --model MODEL``."""

from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from classifiers.bundle.bundle import check_place
from classifiers.cli.training_summary import training_errors
from classifiers.models.calibration import PRIORS
from classifiers.training.dataset import BALANCES
from data.errors import DataError
from landmarks import __version__

LANDMARK_MODELS = ("sklearn", "torch")
NETWORKS = ("fused", "cnn")
BACKBONES = ("resnet18", "resnet34", "resnet50", "vgg16", "mobilenet_v3_large", "vit_b_16")
PIXEL_MODELS = (*NETWORKS, *BACKBONES)
PIXEL_BALANCES = ("none", "weights", "sampler")
DEVICES = ("auto", "cpu", "cuda")

FITS = {
    "drop-outliers": LANDMARK_MODELS,
    "refit": (*LANDMARK_MODELS, *NETWORKS),
    "epochs": PIXEL_MODELS,
    "device": PIXEL_MODELS,
    "votes": NETWORKS,
    "average": NETWORKS,
    "weights": BACKBONES,
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
        Model,
        typer.Option(
            help="sklearn, torch: MLPs on landmarks; fused: pixels and landmarks; the others: a "
            "network on pixels alone."
        ),
    ] = Model.sklearn,
    classes: Annotated[
        str, typer.Option(help="Classes to train, with commas between; all if left out.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same model.")] = 0,
    balance: Annotated[
        Balance,
        typer.Option(help="What is done about rare classes; on pixels none, weights or sampler."),
    ] = Balance.none,
    prior: Annotated[
        Prior, typer.Option(help="Shares of the classes that the model is served for.")
    ] = Prior.training,
    data_name: Annotated[
        str, typer.Option(help="The data set's name, for the model card.")
    ] = "not named",
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
            help="Train again on all rows, once validation rows gave the figures; not backbones.",
        ),
    ] = False,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Passes over the faces for a teacher, and for its student; 60, backbones 20.",
            rich_help_panel=ON_PIXELS,
        ),
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
            help="CSV of annotator votes, such as FER+'s, to learn as well; fused and cnn.",
            rich_help_panel=ON_PIXELS,
        ),
    ] = None,
    average: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Networks whose average teaches the one that is kept, 1 if left out; fused, cnn.",
            rich_help_panel=ON_PIXELS,
        ),
    ] = None,
    weights: Annotated[
        str,
        typer.Option(
            help="A backbone's: file of a state_dict or safetensors, or random; ImageNet's from "
            "torchvision if left out.",
            rich_help_panel=ON_PIXELS,
        ),
    ] = "",
) -> None:
    """Train on the split train (or on all rows, if there are no splits) and write a bundle.

    A model on pixels keeps checkpoint, curves and their picture beside it, in OUT-run; a stopped
    run goes on from there. Exit code 1: something doesn't fit; 3: an I/O error.

    Example: python -m classifiers train build/features photos/ --model fused --out build/model
    """
    given = {
        "drop-outliers": drop_outliers,
        "refit": refit,
        "epochs": epochs,
        "device": device,
        "votes": votes,
        "average": average,
        "weights": weights,
    }
    with training_errors(stopped="Stopped; nothing was written."):
        _check_options(model.value, balance.value, given)
        check_place(out)
        # Only here: they bring PyTorch and scikit-learn, which the other sub-commands don't need.
        from classifiers.training.bundle_content import TrainOptions

        options = TrainOptions(
            name=out.absolute().name,
            version=__version__,
            model=model.value,
            balance=balance.value,
            seed=seed,
            data_name=data_name,
            prior=prior.value,
            refit=refit,
            epochs=epochs,
            device=device.value if device else "auto",
            n_networks=average or 1,
        )
        if options.model in LANDMARK_MODELS:
            from classifiers.cli.train_landmarks import train_landmarks

            train_landmarks(paths, out, _names_in(classes), options, drop_outliers)
        else:
            from classifiers.cli.train_pixels import train_pixels

            table, images = _table_and_images(options.model, paths)
            train_pixels(table, images, out, _names_in(classes), options, votes, weights)


def _check_options(model: str, balance: str, given: Mapping[str, object]) -> None:
    """Refuse options that are for other models."""
    for option, models in FITS.items():
        if given[option] and model not in models:
            raise DataError(
                f"Expected --{option} with {_one_of(models)}, got it with {model}; leave it out."
            )
    if model in PIXEL_MODELS and balance not in PIXEL_BALANCES:
        raise DataError(
            f"Expected --balance {_one_of(PIXEL_BALANCES)} with {model}, got {balance}; name one "
            "of these."
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
