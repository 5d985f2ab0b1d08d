"""The data sets' command line: ``python -m data features``, ``measures`` and ``audit``."""

from data.commands import command_line

MODULES = {
    "features": "data.features.command",
    "measures": "data.features.measures",
    "audit": "data.audit.command",
}

app = command_line(
    "python -m data", "Turn photos into feature tables, and find what is wrong in them.", MODULES
)

if __name__ == "__main__":
    app()
