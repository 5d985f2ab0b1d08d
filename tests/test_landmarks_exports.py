import subprocess
import sys

import pytest

import landmarks


def test_every_export_is_there():
    assert all(hasattr(landmarks, name) for name in landmarks.__all__)
    assert landmarks.N_POINTS == 468


def test_another_name_is_missing():
    with pytest.raises(AttributeError, match="no attribute 'FaceFinder'"):
        landmarks.FaceFinder  # noqa: B018


def test_importing_the_package_loads_no_vendor_library():
    code = "import sys, landmarks; print({'cv2', 'mediapipe', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
