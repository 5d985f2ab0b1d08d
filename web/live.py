"""The live tab: camera, mesh and expression, all in the visitor's browser."""

from flask import Flask, render_template


def register(app: Flask) -> None:
    """Add the tab to the application."""
    app.add_url_rule("/live", "live", live)


def live() -> str:
    """Show the tab."""
    return render_template("live.html")
