"""That the checks of T-SQL find what Azure SQL refuses, and let pass what it takes."""

from __future__ import annotations

import pytest

from tests.database.tables import Tables
from tests.database.tsql import faults

TAKEN = [
    "SELECT TOP 1 [a] FROM [t]",
    "SELECT [a] FROM [t] ORDER BY [a] OFFSET 5 ROWS FETCH NEXT 2 ROWS ONLY",
    "SELECT [a] FROM [t] WITH (ROWLOCK, UPDLOCK) WHERE [b] = ? AND NOT ([c] IS NULL)",
    "SELECT CASE WHEN [a] > ? THEN 1 ELSE 0 END AS [b] FROM [t] WHERE [c] = 1",
    "SELECT [a] FROM [t] WHERE EXISTS(SELECT TOP 1 1 AS [a] FROM [u] WHERE [u].[t] = [t].[a] ORDER BY [u].[b])",
    "SELECT 'no LIMIT, a::b or TRUE' AS [RETURNING] FROM [limit]",
    "INSERT INTO [t] ([a]) OUTPUT INSERTED.[id] VALUES (?)",
    "SET NOCOUNT OFF; UPDATE [t] SET [a] = ?, [b] = [b] + 1 WHERE [t].[id] = ?",
    "SELECT [a] FROM [t] WHERE (UPPER([b]) LIKE UPPER(?) ESCAPE '\\' AND NOT ([c] LIKE ? ESCAPE '\\'))",
    "SELECT [a] FROM [t] WHERE [b] >= DATEADD(second, ? / 1000000 * -1, CAST(SYSDATETIMEOFFSET() AS datetime2))",
    "DECLARE @var0 NVARCHAR(3) = ? ,@var1 DATETIME2 = ?  \nSELECT [a], COUNT_BIG(*) FROM [t] GROUP BY [a], @var0",
    "ALTER TABLE [t] ADD DEFAULT '' FOR [a];",
    "ALTER TABLE [t] ADD [a] datetimeoffset DEFAULT '2026-01-01 00:00:00+00:00' WITH VALUES;",
    "SET LOCK_TIMEOUT 2000",
    "SET NOCOUNT ON INSERT INTO [t] ([a]) VALUES (?); SELECT CAST(SCOPE_IDENTITY() AS bigint)",
]

IN, ROWS = "SELECT a FROM t WHERE a IN (0…)", "INSERT INTO t (a) VALUES (0)…"
REFUSED = [
    ("SELECT a FROM t LIMIT 1", "LIMIT"),
    ("INSERT INTO t (a) VALUES (1) RETURNING id", "RETURNING"),
    ("INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING", "CONFLICT"),
    ("SELECT a FROM t ORDER BY a NULLS LAST", "NULLS"),
    ("SELECT DISTINCT ON (a) b FROM t", "DISTINCT ON"),
    ("SELECT a FROM t FOR UPDATE", "no T-SQL"),
    ("SELECT a FROM t FOR NO KEY UPDATE", "no T-SQL"),
    ("SELECT a::int FROM t", "::"),
    ("SELECT a || b FROM t", "||"),
    ("SELECT a FROM t WHERE b @> '{}'", "no T-SQL"),
    ("SELECT a ->> 'b' FROM t", "->>"),
    ("SELECT a FROM t WHERE b ILIKE 'c'", "ILIKE"),
    ("SELECT a FROM t WHERE b = TRUE", "TRUE"),
    ("SELECT COUNT(*) FILTER (WHERE a = 1) FROM t", "FILTER"),
    ("SELECT NOW() AS a", "NOW(…)"),
    ("SELECT LENGTH(a) FROM t", "LENGTH(…)"),
    ("SELECT (a = 1) FROM t", "a truth as a value"),
    ("SELECT a IN (1, 2) FROM t", "a truth as a value"),
    ("SELECT CASE a WHEN b > 1 THEN 1 END FROM t", "a truth as a value"),
    ("SELECT a FROM t ORDER BY EXISTS(SELECT 1 AS b FROM u)", "a truth as a value"),
    ("SELECT a FROM t WHERE (b = 1) = 1", "a truth as a value"),
    ("SELECT SUM(a > 1) FROM t", "a truth as a value"),
    ("UPDATE t SET a = (b IS NULL)", "a truth as a value"),
    ("SELECT a FROM t WHERE b", "a value as a condition"),
    ("SELECT a FROM t WHERE b = 1 AND NOT c", "a value as a condition"),
    ("SELECT a FROM t JOIN u ON u.b", "a value as a condition"),
    ("SELECT CASE WHEN a THEN 1 END FROM t", "a value as a condition"),
    ("SELECT a FROM t WHERE b IN (SELECT c FROM u ORDER BY c)", "error 1033"),
    ("SELECT SUM((SELECT MAX(b) FROM u)) FROM t", "error 130"),
    ("SELECT COUNT(*) FROM t GROUP BY (SELECT MAX(b) FROM u)", "error 144"),
    ("SELECT a FROM t WHERE (a, b) IN ((1, 2))", "an IN of several columns"),
    (IN.replace("…", ", ?" * 1000), "an IN of 1001"),
    (IN.replace("…", ") OR a IN (?" * 2101), "2101 parameters"),
    (ROWS.replace("…", ", (1)" * 1000), "1001 rows of VALUES"),
    ("CREATE TABLE [t] (a boolean)", "BOOLEAN"),
    ("DECLARE @var0 NUMERIC = ?  \nSELECT [a] FROM [t] WHERE [b] = @var0 GROUP BY [a]", "rounded"),
    ("ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (id) ON DELETE CASCADE", "CASCADE"),
    ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; VACUUM t", "not understood"),
    ("SELEC a FROM t", ""),
    ("", "no statement"),
]

MADE = "CREATE TABLE [t] ([id] bigint NOT NULL PRIMARY KEY IDENTITY (1, 1), [a] nvarchar(100) NOT NULL, [n] int NULL)"
TABLES_REFUSED = [
    ("CREATE TABLE [u] ([a] nvarchar(451) NOT NULL PRIMARY KEY)", "a key of 902 bytes: at most 900"),
    ("CREATE TABLE [u] ([a] nvarchar(851) NOT NULL UNIQUE)", "a key of 1702 bytes: at most 1700"),
    ("CREATE TABLE [u] ([a] nvarchar(max) NOT NULL UNIQUE)", "no bound"),
    ("CREATE TABLE [u] ([a] nvarchar(4001) NOT NULL)", "more than 8,000 bytes"),
    ("CREATE TABLE [u] ([a] datetime2 NOT NULL)", "loses the offset"),
    ("ALTER TABLE [t] ADD [d] datetime NULL", "loses the offset"),
    ("CREATE TABLE [u] ([a] int NULL, [b] int NOT NULL, CONSTRAINT [c] UNIQUE ([a], [b]))", "NULLs in a"),
    ("CREATE TABLE [u] ([a] int NULL UNIQUE)", "NULLs in a"),
    ("ALTER TABLE [t] ADD CONSTRAINT [c] UNIQUE ([n])", "NULLs in n"),
    ("CREATE UNIQUE INDEX [i] ON [t] ([n])", "NULLs in n"),
    ("CREATE UNIQUE INDEX [i] ON [t] ([n]) WHERE [n] > 1 OR [a] = 'b'", "no AND of simple comparisons"),
    ("CREATE UNIQUE INDEX [i] ON [t] ([n]) WHERE [n] IS NOT NULL AND LOWER([a]) = 'b'", "no AND of simple"),
    ("ALTER TABLE [t] ADD CONSTRAINT [c] FOREIGN KEY ([n]) REFERENCES [t] ([id])", "INT refers to BIGINT (error 1778)"),
    (
        "ALTER TABLE [t] ADD CONSTRAINT [c] FOREIGN KEY ([id]) REFERENCES [t] ([id]) ON DELETE SET NULL",
        "by the database (error 1785)",
    ),
    ("CREATE TABLE [u] ([a] int NOT NULL, CONSTRAINT [there] CHECK ([a] > 0))", "error 2714"),
    ("CREATE INDEX [known] ON [t] ([n])", "has known already"),
    ("ALTER TABLE [t] DROP COLUMN [a]", "in use by known (error 5074)"),
    ("ALTER TABLE [t] ALTER COLUMN [a] int NOT NULL", "in use by known (error 5074)"),
    (f"ALTER TABLE [t] ADD [{'a' * 129}] int NULL", "a name of 129 letters"),
]


@pytest.mark.parametrize("sql", TAKEN)
def test_what_azure_sql_takes_passes(sql: str) -> None:
    assert faults(sql) == []


@pytest.mark.parametrize(("sql", "says"), REFUSED, ids=[sql[:40] for sql, _says in REFUSED])
def test_what_azure_sql_refuses_is_found(sql: str, says: str) -> None:
    found = faults(sql)
    assert found
    assert says in "; ".join(found)


def tables() -> Tables:
    found = Tables()
    for sql in (
        MADE,
        "CREATE INDEX [known] ON [t] ([a])",
        "ALTER TABLE [t] ADD CONSTRAINT [there] CHECK ([n] > 0)",
    ):
        assert found.faults(sql) == []
    return found


@pytest.mark.parametrize(("sql", "says"), TABLES_REFUSED)
def test_what_azure_sql_refuses_of_tables_is_found(sql: str, says: str) -> None:
    assert says in "; ".join(tables().faults(sql))


def test_what_azure_sql_takes_of_tables_passes() -> None:
    found = tables()
    for sql in (
        "CREATE UNIQUE INDEX [i] ON [t] ([n]) WHERE [n] IS NOT NULL AND [a] IN ('b', 'c')",
        "DROP INDEX [known] ON [t]",
        "ALTER TABLE [t] DROP COLUMN [a]",
        "ALTER TABLE [t] DROP CONSTRAINT [there]",
        "CREATE TABLE [u] ([t_id] bigint NOT NULL, CONSTRAINT [there] CHECK ([t_id] > 0))",
        "ALTER TABLE [u] ADD CONSTRAINT [u_t] FOREIGN KEY ([t_id]) REFERENCES [t] ([id])",
    ):
        assert found.faults(sql) == []
    assert found.constraints("u")["u_t"]["foreign_key"] == ("t", "id")
    assert set(found.columns["t"]) == {"id", "n"}
