"""The one ordering of FER2013's seven classes, and the other names that data sets give them."""

EMOTIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
"""The seven classes, in the order of every table and report."""

_ALIASES = {
    "angry": ("anger", "angriness"),
    "disgust": ("disgusted",),
    "fear": ("afraid", "fearful", "scared"),
    "happy": ("happiness", "joy", "smile", "smiling"),
    "neutral": ("neutrality",),
    "sad": ("sadness",),
    "surprise": ("surprised",),
}
_CANONICAL = {alias: name for name, aliases in _ALIASES.items() for alias in (name, *aliases)}


def canonical(name: str) -> str:
    """Return the name that `EMOTIONS` gives a class; names of other classes stay as they are.

    Parameters
    ----------
    name : str
        Class name in any case, such as ``"Anger"``.

    Returns
    -------
    str
        ``"angry"`` for ``"Anger"``; ``"contempt"`` for ``"contempt"``.
    """
    return _CANONICAL.get(name.strip().lower(), name)
