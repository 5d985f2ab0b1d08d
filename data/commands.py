"""A command line whose sub-commands are modules, each imported when it is called."""

from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from data.console import checked_stdout, exit_with
from landmarks import __version__
from landmarks.system_libraries import exit_on_missing_library


def command_line(name: str, summary: str, modules: Mapping[str, str]) -> typer.Typer:
    """Return a command line.

    Parameters
    ----------
    name : str
        What a person types to call it.
    summary : str
        One sentence for its ``--help``.
    modules : mapping of str to str
        The module of each sub-command; its function `main` is the command.

    Returns
    -------
    typer.Typer
        A sub-command whose module lacks a system library ends with one sentence and exit code 1.
    """

    class Commands(TyperGroup):
        def main(self, *args: Any, **settings: Any) -> Any:
            with checked_stdout():
                return super().main(*args, **settings)

        def invoke(self, ctx: Any) -> Any:
            try:
                return super().invoke(ctx)
            except TyperException as error:
                exit_with(_sentence(error), error.exit_code)

        def list_commands(self, ctx: Any) -> list[str]:
            return list(modules)

        def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
            return _load(cmd_name, modules[cmd_name]) if cmd_name in modules else None

    app = typer.Typer(
        name=name,
        help=summary,
        cls=Commands,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,
    )
    app.callback()(_options)
    return app


def _load(name: str, module: str) -> TyperCommand:
    """Import a sub-command."""
    with exit_on_missing_library():
        main = import_module(module).main
    app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)
    app.command(name)(main)
    return cast(TyperCommand, get_command(app))


def _sentence(error: Any) -> str:
    """Return an error of usage as one sentence, which names the options that there are."""
    command, unknown = error.ctx.command, getattr(error, "option_name", None)
    if unknown is not None:
        names = sorted(name for param in command.params for name in param.opts)
        options = [name for name in names if name.startswith("--")]
        return f"Expected an option among {', '.join(options)}, got {unknown}."
    # pydantic's, which typer hands on
    message = error.format_message().replace("Value error, ", "").rstrip(".")
    return f"{' '.join(message.split())}; {error.ctx.command_path} --help says what there is."


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"mien {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before a sub-command."""
