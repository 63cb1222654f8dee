"""pyodbc, or what mssql-django wants of it as it loads, where unixODBC's library is not on the machine.

The class of an error and the numbers of types are all that is used: nothing
here connects. The errors' classes are those of the DB-API, by name.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

_TYPES = [
    "BIGINT",
    "BIT",
    "CHAR",
    "DECIMAL",
    "DOUBLE",
    "FLOAT",
    "GUID",
    "INTEGER",
    "LONGVARBINARY",
    "NUMERIC",
    "REAL",
    "SMALLINT",
    "SS_TIME2",
    "TINYINT",
    "TYPE_DATE",
    "TYPE_TIME",
    "TYPE_TIMESTAMP",
    "VARBINARY",
    "VARCHAR",
    "WCHAR",
    "WLONGVARCHAR",
    "WVARCHAR",
]


def _standing_in() -> ModuleType:
    made = ModuleType("pyodbc")
    module: Any = made
    module.version, module.pooling = "5.5.0", True
    module.SQL_DRIVER_NAME, module.SQL_DRIVER_VER = 6, 7
    for number, name in enumerate(_TYPES):
        setattr(module, f"SQL_{name}", 1000 + number)
    module.Error = type("Error", (Exception,), {})
    for name, base in (
        ("InterfaceError", "Error"),
        ("DatabaseError", "Error"),
        ("DataError", "DatabaseError"),
        ("OperationalError", "DatabaseError"),
        ("IntegrityError", "DatabaseError"),
        ("InternalError", "DatabaseError"),
        ("ProgrammingError", "DatabaseError"),
        ("NotSupportedError", "DatabaseError"),
    ):
        setattr(module, name, type(name, (getattr(module, base),), {"__module__": "pyodbc"}))
    return made


try:
    driver: Any = importlib.import_module("pyodbc")
except ImportError:
    driver = sys.modules["pyodbc"] = _standing_in()
