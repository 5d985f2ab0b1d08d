"""The settings of a training, which one TOML file holds: defaults, checks, reading and writing."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError, create_model

from classifiers.bundle.bundle import CONFIG
from classifiers.models.backbones import BACKBONES, BackboneConfig
from classifiers.models.calibration import PRIORS
from classifiers.models.fused import MARGIN
from classifiers.models.pipeline import N_COMPONENTS
from classifiers.training import backbones, landmarks, pixels
from classifiers.training.bundle_content import TrainOptions
from classifiers.training.dataset import BALANCES
from classifiers.training.recipe import OPTIMIZERS, SCHEDULERS, TrainingConfig
from data.errors import DataError
from landmarks import __version__

HEADER = "# What trained this bundle; make train CONFIG=this file trains it again.\n"

Settings = dict[str, Any]

STRICT = ConfigDict(strict=True)

CHOICES = {
    "balance": BALANCES,
    "prior": tuple(PRIORS),
    "optimizer": OPTIMIZERS,
    "scheduler": SCHEDULERS,
}

AT_LEAST_ONE = frozenset(
    {"epochs", "batch_size", "n_networks", "n_components", "hidden", "stem", "widths", "blocks"}
    | {"group"}
)
"""Counts; other numbers may be 0."""

SHARES = frozenset(
    {"dropout", "label_smoothing", "averaging", "scale", "jitter", "erasing", "corruption"}
    | {"mixup", "cutmix", "drop_points"}
)
"""Numbers of at most 1."""

MINIMA = dict.fromkeys(AT_LEAST_ONE, 1) | {"side": 32}
MAXIMA = dict.fromkeys(SHARES, 1) | {"shift": MARGIN, "rotation": 180}

_NOT_SET = ("class_weight", "sampler", "random_state", "classes", "pixels", "landmarks", "n_votes")
"""Parameters that the rows and other settings decide."""

_OF_WEIGHTS = ("backbone", "pretrained", "origin")


def defaults(model: str) -> Settings:
    """Return all settings of a model with their defaults.

    Parameters
    ----------
    model : str
        See `classifiers.training.bundle_content.TrainOptions`.
    """
    common = {"model": model, "classes": (), "seed": 0, "balance": "none", "prior": "training"}
    common |= {"data_name": "not named"}
    if model in BACKBONES:
        config = asdict(BackboneConfig(model, unfrozen=BACKBONES[model].unfrozen))
        own = _without(config, *_NOT_SET, *_OF_WEIGHTS) | _of_recipe(backbones.FINE_TUNING)
    elif model in pixels.NETWORKS:
        network = pixels.NETWORKS[model]
        config = _without(asdict(network), *_NOT_SET, *_OF_WEIGHTS)
        if not network.landmarks:
            config = _without(config, "hidden", "n_components")
        own = {"n_networks": 1} | config | _of_recipe(pixels.RECIPE)
    else:
        own = {"refit": False, "drop_outliers": False, "n_components": N_COMPONENTS, "flip": True}
        own |= _without(landmarks.CLASSIFIERS[model]().get_params(), *_NOT_SET)
    return common | own


def read_config(path: Path) -> Settings:
    """Read the settings in a file.

    Raises
    ------
    DataError
        If it is no TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f"Expected {path} in TOML, got an error: {error}; a bundle's {CONFIG} shows how."
        ) from error


def parse(assignments: Sequence[str]) -> Settings:
    """Return the settings that texts such as ``lr=0.01`` or ``hidden=[64,32]`` stand for.

    Raises
    ------
    DataError
        If a text is no assignment.
    """
    settings = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals:
            raise DataError(f"Expected a setting such as lr=0.01, got {text!r}.")
        try:
            settings |= tomllib.loads(f"{name} = {value}")
        except tomllib.TOMLDecodeError:
            settings[name.strip()] = value.strip()  # a word, such as adam
    return settings


def with_defaults(given: Mapping[str, Any]) -> Settings:
    """Return all settings of a model: the given ones, and defaults for the others.

    Parameters
    ----------
    given : mapping
        From files and options, with the ``model``.

    Raises
    ------
    DataError
        If the model has no such setting, or a value doesn't fit.
    """
    models = (*landmarks.CLASSIFIERS, *pixels.NETWORKS, *BACKBONES)
    if given["model"] not in models:
        raise DataError(f"Expected a model among {', '.join(models)}, got {given['model']!r}.")
    known = defaults(given["model"])
    unknown = [name for name in given if name not in known]
    if unknown:
        raise DataError(
            f"Expected settings of {given['model']} among {', '.join(known)}, got "
            f"{', '.join(unknown)}; leave it out."
        )
    types = {name: (_type_of(name, value), value) for name, value in known.items()}
    try:
        return create_model("Settings", __config__=STRICT, **types)(**given).model_dump()
    except ValidationError as error:
        wrong = error.errors()[0]
        name, said = wrong["loc"][0], wrong["msg"].removeprefix("Input ")
        raise DataError(f"The setting {name} {said}, got {wrong['input']!r}.") from error


def train_options(settings: Mapping[str, Any], name: str, device: str = "auto") -> TrainOptions:
    """Return the options of a training, of all settings and of the bundle's name."""
    own = {field.name for field in fields(TrainOptions)}
    common = {key: value for key, value in settings.items() if key in own}
    return TrainOptions(name, __version__, device=device, settings=settings, **common)


def to_toml(settings: Mapping[str, Any]) -> str:
    """Return settings as TOML, a line each."""
    # JSON's texts, numbers, truth values and lists are TOML's, too.
    return HEADER + "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())


def _of_recipe(recipe: TrainingConfig) -> Settings:
    """Return the settings of a training on pixels and of its augmentation."""
    config = asdict(recipe)
    return _without(config, "seed", "balance", "augmentation") | config["augmentation"]


def _without(config: Mapping[str, Any], *names: str) -> Settings:
    return {name: value for name, value in config.items() if name not in names}


def _type_of(name: str, default: Any) -> Any:
    """Return the type of a setting with its bounds, by its default."""
    bounds = Field(ge=MINIMA.get(name, 0), le=MAXIMA.get(name))
    if name in CHOICES:
        return Literal[CHOICES[name]]
    if isinstance(default, tuple):
        item: Any = str if name == "classes" else Annotated[int, bounds]
        return Annotated[tuple[item, ...], Field(strict=False)]  # TOML has lists
    return type(default) if isinstance(default, bool | str) else Annotated[type(default), bounds]
