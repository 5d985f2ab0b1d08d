"""The one ordering of FER2013's seven classes, and the other names that data sets give them."""

from collections.abc import Iterable

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


def meaning(name: str) -> str:
    """Return what all names of one class have in common, as `canonical` but without case."""
    return canonical(name).strip().casefold()


def classes_of(labels: Iterable[str]) -> dict[str, str]:
    """Return the class of each label: labels of one meaning are one class.

    Parameters
    ----------
    labels : iterable of str
        Such as ``"anger"``, ``"angry"`` and ``"Angry "``, or ``"wink"`` and ``"Wink"``.

    Returns
    -------
    dict of str to str
        Label -> class. A label that no other means keeps its own name.
    """
    groups: dict[str, list[str]] = {}
    for label in sorted(set(labels)):
        groups.setdefault(meaning(label), []).append(label)
    return {
        label: group[0] if len(group) == 1 else canonical(group[0]).strip()
        for group in groups.values()
        for label in group
    }
