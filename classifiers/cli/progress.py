"""A progress bar where a person looks."""

from rich.console import Console
from rich.progress import Progress


def work_bar() -> Progress:
    """Return a bar on stderr that is gone when the work is done; none where that is a file."""
    screen = Console(stderr=True)
    return Progress(console=screen, transient=True, disable=not screen.is_terminal)
