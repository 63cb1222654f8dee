"""Errors as each driver raises them, and as Django hands them on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import psycopg
from django.db import Error
from django.db.utils import DatabaseErrorWrapper
from mssql_python import exceptions as microsoft

from tests.database.odbc import driver as pyodbc


def wrapped(driver: Any, error: BaseException) -> Error:
    """Return what Django makes of a driver's error."""
    try:
        with DatabaseErrorWrapper(SimpleNamespace(Database=driver, errors_occurred=False)):
            raise error
    except Error as found:
        return found


def postgresql(code: str) -> Error:
    """Return psycopg's error with a SQLSTATE."""
    kind = psycopg.errors.lookup(code)
    return wrapped(psycopg, kind("words of the server, with a 1205 in them"))


def mssql_python(code: str, words: str) -> Error:
    """Return the error of Microsoft's own driver: the class and its words by SQLSTATE, then the server's words."""
    text = f"[Microsoft][ODBC Driver 18 for SQL Server][SQL Server]{words}"
    try:
        microsoft.raise_exception(code, text)
    except microsoft.Error as error:
        return wrapped(microsoft, error)
    raise AssertionError(code)


def odbc(kind: str, code: str, words: str, number: int) -> Error:
    """Return pyodbc's error of a class, with the SQLSTATE, the server's words and its number."""
    text = f"[{code}] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]{words} ({number}) (SQLExecDirectW)"
    return wrapped(pyodbc, getattr(pyodbc, kind)(code, text))
