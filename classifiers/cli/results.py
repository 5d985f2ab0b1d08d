"""Turn the predictions of photos into rows, counts, text for people or JSON."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from classifiers.cli.batch import Outcome
from classifiers.cli.display import show
from classifiers.cli.outputs import Sheet
from classifiers.inference.predictor import Predictor
from classifiers.inference.tables import Schema
from data.console import printable, warn


class Results:
    """Takes what became of each photo to where it belongs, and counts.

    Parameters
    ----------
    predictor : Predictor
        What answers.
    schema : Schema
        Of the table that the rows go to.
    as_json, explain : bool
        What is printed: one JSON document at the end, and whether with explanations.
    quiet : bool
        Whether a summary is enough, because results are written.
    """

    def __init__(
        self, predictor: Predictor, schema: Schema, as_json: bool, explain: bool, quiet: bool
    ):
        self.predictor, self.schema = predictor, schema
        self.as_json, self.explain, self.quiet = as_json, explain, quiet
        self.n_photos = self.n_faces = self.n_unreadable = self.n_faceless = 0
        self.expressions, self.uncertain = Counter(), Counter()
        self._elements: list[dict[str, Any]] = []
        self._console = Console(highlight=False)

    def add(self, outcome: Outcome, sheet: Sheet | None = None) -> None:
        """Take one photo's outcome: to the sheet, to what is printed, and to the counts."""
        name, prediction = str(outcome.path), outcome.prediction
        self._count(outcome)
        if outcome.sentence:
            warn(outcome.sentence)
        if sheet:
            sheet.add(self.schema.photo_rows(name, prediction, outcome.reason))
        if self.as_json:
            unreadable = {"image": name, "faces": [], "reason": outcome.reason}
            element = prediction.to_json(name, explain=self.explain) if prediction else unreadable
            self._elements.append(element)
        elif prediction and not self.quiet:
            show(self._console, outcome.path, prediction, self.explain)

    def counted(self) -> Iterator[tuple[str, int, float, int]]:
        """Yield the rows of `classifiers.inference.tables.COUNTS`."""
        for name in self.predictor.manifest["classes"]:
            count = self.expressions[name]
            yield name, count, count / max(self.n_faces, 1), self.uncertain[name]

    def totals(self) -> dict[str, int]:
        """Return how many photos were found, missed and unreadable, and how many faces."""
        return {
            "images": self.n_photos,
            "found": self.n_photos - self.n_faceless - self.n_unreadable,
            "missed": self.n_faceless,
            "unreadable": self.n_unreadable,
            "faces": self.n_faces,
            "uncertain": self.uncertain.total(),
        }

    def print_rest(self, places: Sequence[Path]) -> None:
        """Print what comes at the end: the JSON, or what was written to which places."""
        if self.as_json:
            manifest = self.predictor.manifest
            content = {name: manifest[name] for name in ("name", "version", "classes")}
            content = {"model": content.pop("name")} | content
            content["uncertain_threshold"] = self.predictor.min_confidence
            typer.echo(json.dumps(content | {"images": self._elements}, indent=2))
        elif places:
            shown = ", ".join(f"{name} {n:,}" for name, n in self.expressions.most_common())
            self._console.print(
                f"{self.n_photos:,} photos, {self.n_faces:,} faces"
                f"{f' ({shown})' if shown else ''}, {self.n_faceless:,} without a face, "
                f"{self.n_unreadable:,} unreadable. Results are in "
                f"{printable(' and '.join(map(str, places)))}.",
                markup=False,
                soft_wrap=True,
            )

    def _count(self, outcome: Outcome) -> None:
        faces = outcome.prediction.faces if outcome.prediction else []
        self.n_photos += 1
        self.n_faces += len(faces)
        self.n_unreadable += outcome.prediction is None
        self.n_faceless += outcome.prediction is not None and not faces
        self.expressions.update(face.expression for face in faces)
        self.uncertain.update(face.expression for face in faces if face.uncertain)
