"""The ledger: what was done with each map, in Parquet files that are whole or not there."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from dsdmsr._atomic import writing
from dsdmsr.errors import ConfigError, FileError
from dsdmsr.upscaling.many.storage import Place, saying

__all__ = ["COLUMNS", "Ledger", "results_schema"]

COLUMNS = {
    "source": "string",
    "target": "string",
    "sha256": "string",
    "height": "int32",
    "width": "int32",
    "model": "string",
    "version": "string",
    "time": "string",
    "error": "string",
}
"""Column → type: the map, its output with checksum and size, the network that enlarged it, this
package's version, when that was (UTC), and why it failed; empty where it didn't."""
_OPTIONS = b"dsdmsr.options"
_PART = re.compile(r"part-\d+\.parquet$")
_SOONEST, _SHARE = 1.0, 0.01
"""Seconds between two parts: at least one, and a hundredth of the time so far. So no more than that
is done again after a crash, and there are about a hundred parts for each factor of e in time."""


class Ledger:
    """Writer of a ledger.

    Args:
        folder: Where it is.
        options: What the maps are upscaled with: the same to go on with.
    """

    def __init__(self, folder: Place, options: Mapping[str, Any]) -> None:
        self._folder, self._options = folder, json.dumps(options, sort_keys=True, default=str)
        self._rows: list[Mapping[str, Any]] = []
        self._parts = 0
        self._begun = self._written = time.monotonic()

    def resume(self) -> set[str]:
        """Return the sources that are done, and go on after the last part.

        Raises:
            FileError: If there is no ledger, or it cannot be read.
            ConfigError: If it was begun with other options.
        """
        from pyarrow import parquet

        done: set[str] = set()
        parts = self.parts()
        if not parts:
            raise FileError(f"{self._folder.name} has no ledger to go on from: leave --resume out")
        for part in parts:
            with saying(f"{part.name} cannot be read"), part.system.open(part.path, "rb") as file:
                table = parquet.read_table(file, columns=["source", "error"])
                sources, errors = (table[name].to_pylist() for name in ("source", "error"))
            options = (table.schema.metadata or {}).get(_OPTIONS, b"")
            if options != self._options.encode():
                raise ConfigError(
                    f"{self._folder.name} was begun with other options: give the same, or "
                    "--overwrite to begin anew"
                )
            done.update(s for s, error in zip(sources, errors, strict=True) if error is None)
        self._parts = 1 + int(parts[-1].path.rpartition("-")[2].removesuffix(".parquet"))
        return done

    def parts(self) -> list[Place]:
        """Return the parts that are there, in order.

        Raises:
            FileError: If that cannot be found out.
        """
        system, path = self._folder.system, self._folder.path
        with saying(f"{self._folder.name} cannot be read"):
            system.invalidate_cache()
            names = system.glob(f"{path}/part-*.parquet") if system.exists(path) else []
        return [Place(system, name) for name in sorted(names) if _PART.search(name)]

    def remove(self) -> None:
        """Remove what is there, to begin anew.

        Raises:
            FileError: If that fails.
        """
        with saying(f"{self._folder.name} cannot be removed"):
            for part in self.parts():
                part.system.rm(part.path)

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a map's row; those since the last part are written when it is time.

        Raises:
            FileError: If they cannot be.
        """
        self._rows.append(row)
        now = time.monotonic()
        if now - self._written >= max(_SOONEST, _SHARE * (now - self._begun)):
            self.write()

    def write(self) -> None:
        """Write the rows since the last part as the next one.

        Raises:
            FileError: If that fails.
        """
        import pyarrow
        from pyarrow import parquet

        schema = pyarrow.schema(_fields(), metadata={_OPTIONS: self._options.encode()})
        columns = {name: [row[name] for row in self._rows] for name in COLUMNS}
        target = self._folder / f"part-{self._parts:06d}.parquet"
        with target.written() as local, writing(local, overwrite=False) as beside:
            parquet.write_table(pyarrow.table(columns, schema), beside)
        self._rows, self._parts, self._written = [], self._parts + 1, time.monotonic()


def results_schema() -> Any:
    """Return the schema of workers' results: a ledger's columns, and what the run needs.

    These are the source's number, remarks that were not there before, and whether no map can be
    upscaled.
    """
    import pyarrow

    more = {"number": "int64", "stop": "bool"}
    fields = [pyarrow.field(name, pyarrow.type_for_alias(kind)) for name, kind in more.items()]
    remarks = pyarrow.field("remarks", pyarrow.list_(pyarrow.string()))
    return pyarrow.schema([*_fields(), *fields, remarks])


def _fields() -> list[Any]:
    import pyarrow

    return [pyarrow.field(name, pyarrow.type_for_alias(kind)) for name, kind in COLUMNS.items()]
