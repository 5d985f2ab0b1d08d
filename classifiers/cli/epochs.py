"""Show a training's epochs as they come, and keep their lines for the curves."""

from typing import Any

from rich.progress import Progress

from classifiers.evaluation.markdown import duration
from data.console import per_cent


class EpochLog:
    """Prints a line for each epoch on stderr, and how long all will take after the first.

    Parameters
    ----------
    bar : Progress
    total : int
        Epochs of all networks, at most.
    done : int
        Epochs that a training which goes on has behind it.

    Attributes
    ----------
    lines : list of Line
        Of the epochs so far.
    """

    def __init__(self, bar: Progress, total: int, done: int = 0):
        self.bar, self.total, self.done = bar, total, done
        self.task = bar.add_task("Epochs", completed=done, total=total)
        self.lines: list[dict[str, Any]] = []

    def __call__(self, line: dict[str, Any]) -> None:
        """Take an epoch's line of the curves."""
        self.done += 1
        self.lines.append(line)
        self.bar.update(self.task, completed=self.done)
        self._print(text_of(line))
        if len(self.lines) == 1:
            left = duration(line["seconds"] * (self.total - self.done))
            self._print(f"About {left} more for up to {self.total:,} epochs.")

    def _print(self, text: str) -> None:
        self.bar.console.print(text, highlight=False, markup=False, soft_wrap=True)


def text_of(line: dict[str, Any]) -> str:
    """Return an epoch's losses and accuracies."""
    parts = [f"epoch {line['epoch']:>3}"]
    for rows, prefix in (("training", ""), ("validation", "validation_")):
        loss, accuracy = line[f"{prefix}loss"], line[f"{prefix}accuracy"]
        if loss is not None:
            parts.append(f"{rows} loss {loss:.3f}, accuracy {per_cent(accuracy)}")
    return "  ".join(parts)
