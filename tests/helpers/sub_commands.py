"""The sub-commands of the command lines."""

from typer.main import get_command

from classifiers.__main__ import app
from data.__main__ import app as data_app

SUB_COMMANDS = {
    f"{room} {name}": group.get_command(None, name)
    for room, group in (("classifiers", get_command(app)), ("data", get_command(data_app)))
    for name in group.list_commands(None)
}
"""Sub-command as a person types it behind ``python -m``."""
