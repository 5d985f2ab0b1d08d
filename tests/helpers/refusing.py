"""A reader that refuses photos."""

from tests.helpers.fake_predictor import FakePredictor
from web.errors import ApiError
from web.inference.service import Reader


class Refusing(Reader):
    """Refuses every photo, or those that are given, for one reason."""

    ready = False

    def __init__(self, reason, photos=None):
        super().__init__(FakePredictor())
        self.reason = reason
        self.photos = photos

    def read(self, content, picture=False, shift=()):
        if self.photos is None or content in self.photos:
            raise ApiError(self.reason)
        return super().read(content, picture, shift)
