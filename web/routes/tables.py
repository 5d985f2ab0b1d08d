"""Tell the page's scripts the columns of the tables that they save."""

from collections.abc import Sequence

from flask import Flask, Response, current_app, jsonify

from classifiers.inference.tables import NUMBER, Schema


def register(app: Flask) -> None:
    """Add the route to the application."""
    app.add_url_rule("/columns.json", "columns", columns)


def columns() -> Response:
    """Answer `columns_of` the classes of the model that answers."""
    return jsonify(columns_of(current_app.extensions["service"].manifest["classes"]))


def columns_of(classes: Sequence[str]) -> list[tuple[str, int | None]]:
    """Return name and decimals of each column, None for what is no number with decimals."""
    return [
        (column.name, column.decimals if column.kind == NUMBER else None)
        for column in Schema(classes).columns
    ]
