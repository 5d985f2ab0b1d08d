"""Write tables as Parquet, where pyarrow is installed."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from classifiers.inference.tables import INTEGER, NUMBER, TEXT, TRUTH, Column
from data.errors import DataError
from data.files import atomic_write

_ALIASES = {TEXT: "string", INTEGER: "int64", NUMBER: "float64", TRUTH: "bool"}


def check_parquet() -> None:
    """Raise DataError where pyarrow isn't installed."""
    if find_spec("pyarrow") is None:
        raise DataError(
            "Expected the package pyarrow for Parquet, found none; install it with pip install "
            "pyarrow==25.0.1, or write CSV or JSON lines."
        )


def to_parquet(table: Path, columns: Sequence[Column]) -> None:
    """Turn a file of JSON lines, an object a row, into Parquet, a block of rows at a time."""
    import pyarrow as pa
    from pyarrow import json, parquet

    schema = pa.schema([pa.field(column.name, _ALIASES[column.kind]) for column in columns])
    options = json.ParseOptions(explicit_schema=schema)
    with atomic_write(table) as file, parquet.ParquetWriter(file, schema) as writer:
        for block in json.open_json(table, parse_options=options) if table.stat().st_size else ():
            writer.write_batch(block)
