"""A window that shows what a camera sees."""

import os
import subprocess
import sys
from types import TracebackType

import cv2
import numpy as np

from data.errors import DataError

TITLE = "Mien - q ends"
PROBE_SECONDS = 60  # a display that doesn't answer; one that does takes under one


class Window:
    """A window on the screen, gone at the end of a ``with``.

    Raises
    ------
    DataError
        If there is no display, or OpenCV was built without windows.
    """

    def __init__(self) -> None:
        if not _can_open():
            raise DataError(
                "Expected a display for the window, found none: run this on a desktop, or read a "
                "recording with python -m classifiers video."
            )

    def __enter__(self) -> "Window":
        """Open the window."""
        # Without Qt's row of tools above the picture.
        cv2.namedWindow(TITLE, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Close the window."""
        cv2.destroyAllWindows()

    def show(self, rgb: np.ndarray) -> bool:
        """Show a frame (height, width, 3); return False once the user wants to end."""
        cv2.imshow(TITLE, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        key = cv2.waitKey(1) & 0xFF
        return key != ord("q") and cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) >= 1


def _can_open() -> bool:
    """Try a window in a process of its own: without a display Qt ends the one that asks."""
    if sys.platform == "linux" and not any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY"))):
        return False
    code = "import cv2; cv2.namedWindow('Mien')"
    try:
        probe = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, timeout=PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return probe.returncode == 0
