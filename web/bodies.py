"""Requests' bodies: in memory alone, and never more of them than there is room for.

waitress spools larger bodies to temporary files, and lets every client send as much as the largest
allowed. Here a body stays in memory, one that is larger than the application takes is counted but
not kept, and so is one for which all bodies together leave no room.
"""

from io import BytesIO
from weakref import WeakSet

from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser
from waitress.utilities import Error


class Overloaded(Error):
    """An answer to a request that came when other requests' bodies filled the memory."""

    code = 503
    reason = "Service Unavailable"


class Room:
    """The memory that bodies share.

    Parameters
    ----------
    each : int
        Most bytes kept of one body.
    together : int
        Most bytes kept of all bodies.
    """

    def __init__(self, each: int, together: int):
        self._each = each
        self._together = together
        self._bodies: WeakSet[Body] = WeakSet()

    def enter(self, body: "Body") -> None:
        """Let a body take room until it is closed or forgotten."""
        self._bodies.add(body)

    def is_too_much(self, kept: int) -> bool:
        """Say whether one body is larger than any may be."""
        return kept > self._each

    def is_full(self) -> bool:
        """Say whether all bodies together are."""
        return sum(body.kept for body in self._bodies) > self._together


class Body:
    """What waitress' receivers write a body to.

    Parameters
    ----------
    room : Room

    Attributes
    ----------
    kept : int
        Bytes in memory.
    is_crowded_out : bool
        Whether it was let go for want of room, rather than for being too large itself.
    """

    def __init__(self, room: Room):
        self._room = room
        self._file = BytesIO()
        self._length = self.kept = 0
        self.is_crowded_out = False
        room.enter(self)

    def __len__(self) -> int:
        """Return how many bytes were received, kept or not: the application judges by that."""
        return self._length

    def append(self, data: bytes) -> None:
        """Receive some bytes."""
        is_whole = self.kept == self._length
        self._length += len(data)
        if is_whole:
            self._file.write(data)
            self.kept = self._length
            self.is_crowded_out = self._room.is_full()
            if self.is_crowded_out or self._room.is_too_much(self.kept):
                self.close()

    def getfile(self) -> BytesIO:
        """Return what was kept, from its beginning."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Let the bytes go."""
        self._file = BytesIO()
        self.kept = 0


class Parser(HTTPRequestParser):
    """waitress' parser, with a `Body` for the body.

    Parameters
    ----------
    adjustments : waitress.adjustments.Adjustments
    room : Room
    """

    def __init__(self, adjustments: Adjustments, room: Room):
        super().__init__(adjustments)
        self._room = room

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the header and make the body that it announces."""
        super().parse_header(header_plus)
        if self.body_rcv is not None:
            self.body_rcv.buf = Body(self._room)

    def received(self, data: bytes) -> int:
        """Take some bytes; a whole request whose body found no room becomes an error."""
        taken = super().received(data)
        if self.completed and self.body_rcv is not None and self.body_rcv.buf.is_crowded_out:
            self.error = Overloaded("Too many uploads at once. Try again in a few seconds.")
        return taken
