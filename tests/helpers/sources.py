"""The source of every module, and what it imports."""

import ast

from tests.helpers.paths import ROOT

ROOMS = ("landmarks", "data", "classifiers", "web")


def module_name(path, root=ROOT):
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(source):
    """Return every module that a source names in an import, wherever the import stands.

    ``from a import b`` may name the module a.b as well as something in a, so both count.
    """
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def is_in(name, places):
    return any(name == place or name.startswith(f"{place}.") for place in places)


SOURCES = {
    module_name(path): path.read_text("utf-8")
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
}
