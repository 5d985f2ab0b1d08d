"""What several test files share."""

import pytest
import skimage.data


@pytest.fixture(scope="session")
def portrait():
    """NASA's portrait of an astronaut: RGB uint8 (512, 512, 3), one face of 93 x 108 pixels."""
    image = skimage.data.astronaut()
    image.setflags(write=False)
    return image
