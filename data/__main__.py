"""The data sets' command line: ``python -m data features`` and ``python -m data audit``."""

from data.commands import command_line

MODULES = {name: f"data.{name}.command" for name in ("features", "audit")}

app = command_line(
    "python -m data", "Turn photos into feature tables, and find what is wrong in them.", MODULES
)

if __name__ == "__main__":
    app()
