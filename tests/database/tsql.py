"""What Azure SQL refuses of a statement: parsed as T-SQL, and looked at for what a lenient parser lets through.

`faults` says in words what is wrong. It knows a statement alone; what needs the
tables, such as the size of an index's key, is `tests.database.tables`' affair.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

MOST_PARAMETERS = 2100
MOST_ROWS = 1000
"""Of a VALUES, and of an IN."""

# What it does not understand it says in a log; here that is a fault.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

_REFUSED_WORDS = {
    "LIMIT": "TOP, or OFFSET … FETCH",
    "RETURNING": "OUTPUT",
    "CONFLICT": "no ON CONFLICT",
    "NULLS": "no NULLS FIRST or LAST",
    "ILIKE": "LIKE, by the collation",
    "SIMILAR": "LIKE",
    "LATERAL": "APPLY",
    "RECURSIVE": "WITH alone",
    "TRUE": "1",
    "FALSE": "0",
    "BOOLEAN": "bit",
    "INTERVAL": "DATEADD",
    "EXTRACT": "DATEPART",
    "FILTER": "CASE within the aggregate",
    "ARRAY": "no arrays",
    "DEFERRABLE": "constraints are checked at once",
    "CASCADE": "two paths of it to one table are error 1785",
    "JSONB": "nvarchar(max)",
    "SERIAL": "IDENTITY",
    "BIGSERIAL": "IDENTITY",
    "TIMESTAMPTZ": "datetimeoffset",
    "TEXT": "nvarchar(max)",
    "NTEXT": "nvarchar(max)",
}
_REFUSED_SIGNS = {
    TokenType.DCOLON: "CAST",
    TokenType.DPIPE: "+ or CONCAT",
    TokenType.ARROW: "JSON_VALUE",
    TokenType.DARROW: "JSON_VALUE",
    TokenType.AT_GT: "no containment of JSON or arrays",
    TokenType.LT_AT: "no containment of JSON or arrays",
}

# What may stand before a bracket: functions that Azure SQL has, types, words of the language.
_FUNCTIONS = """
ABS AVG CAST CEILING CHARINDEX COALESCE CONCAT CONVERT COUNT COUNT_BIG DATABASEPROPERTYEX DATALENGTH DATEADD DATEDIFF
DATEPART DB_NAME FLOOR ISJSON ISNULL JSON_QUERY JSON_VALUE LEFT LEN LOWER LTRIM MAX MIN NULLIF OBJECT_ID POWER RANK
REPLACE RIGHT ROUND ROW_NUMBER RTRIM SCHEMA_NAME SCOPE_IDENTITY SERVERPROPERTY SIGN STDEV STUFF SUBSTRING SUM
SWITCHOFFSET SYSDATETIMEOFFSET TODATETIMEOFFSET TRIM UPPER VAR
"""
_TYPES_AND_WORDS = """
BINARY CHAR DATETIMEOFFSET IDENTITY NCHAR NUMERIC NVARCHAR TIME VARBINARY VARCHAR
ALL AND ANY AS BETWEEN BY CASE CHECK DEFAULT DISTINCT ELSE EXCEPT EXISTS FROM HAVING IF IN INCLUDE INDEX INTERSECT JOIN
KEY LIKE NOT ON OR OVER SELECT SET THEN TOP UNION UNIQUE VALUES WHEN WHERE WITH WITHIN
"""
_CALLED = frozenset((_FUNCTIONS + _TYPES_AND_WORDS).split())

_GROUPED = re.compile(r"\ADECLARE (?P<variables>.+?) \n(?P<rest>.+)\Z", re.DOTALL)
"""mssql-django's form of a statement with GROUP BY: its parameters are variables, to be the same in both places."""
_VARIABLE = re.compile(r"@var\d+ (?P<type>[A-Za-z]\w*(?: PRECISION)?(?:\((?:\d+|max)\))?) = \?")
_ADDED_DEFAULT = re.compile(r"\A(?P<table>ALTER TABLE \[\w+\]) ADD DEFAULT (?P<value>.+) FOR (?P<column>\[\w+\]);?\Z")
_WITH_VALUES = re.compile(r"\A(?P<rest>ALTER TABLE \[\w+\] ADD .+ DEFAULT '[^']*') WITH VALUES;?\Z")


def marked(sql: str) -> str:
    """Return a statement of Django's with ? for its parameters, as the driver has it."""
    return sql.replace("%s", "?").replace("%%", "%")


def trees(sql: str) -> list[exp.Expr]:
    """Return the statements of a text; raises `SqlglotError` where it is no T-SQL.

    Four forms that the parser does not know come as what they are made of.
    """
    if found := _GROUPED.match(sql):
        variables = _VARIABLE.sub(r"CAST(? AS \g<type>)", found["variables"])
        return trees(f"SELECT {variables}") + trees(found["rest"])
    if found := _ADDED_DEFAULT.match(sql):
        sql = f"{found['table']} ADD {found['column']} int DEFAULT {found['value']}"
    elif found := _WITH_VALUES.match(sql):
        sql = found["rest"]
    elif sql.startswith("SET NOCOUNT ON INSERT "):
        # T-SQL needs no semicolon there.
        sql = sql.replace("ON INSERT ", "ON; INSERT ", 1)
    parsed = sqlglot.parse(sql, read="tsql", error_level=sqlglot.ErrorLevel.RAISE)
    return [tree for tree in parsed if isinstance(tree, exp.Expr)]


def faults(sql: str) -> list[str]:
    """Return what Azure SQL would refuse of a text with ? for parameters, in words; nothing is what it should be."""
    try:
        statements = trees(sql)
    except SqlglotError as error:
        return [f"no T-SQL: {' '.join(str(error).split())[:200]}"]
    if not statements:
        return ["no statement"]
    found = list(_of_words(sql))
    if re.search(r"@var\d+ NUMERIC = ", sql):
        found.append("a decimal as a variable of no places: it would be rounded")
    for tree in statements:
        found += _of_tree(tree)
    return found


def _of_words(sql: str) -> Iterator[str]:
    tokens = [
        token
        for token in sqlglot.tokenize(sql, read="tsql")
        if token.token_type not in (TokenType.STRING, TokenType.NATIONAL_STRING)
    ]
    parameters = sum(1 for token in tokens if token.token_type is TokenType.PLACEHOLDER)
    if parameters > MOST_PARAMETERS:
        yield f"{parameters} parameters: at most {MOST_PARAMETERS} a statement"
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.token_type in _REFUSED_SIGNS:
            yield f"{token.text}: {_REFUSED_SIGNS[token.token_type]}"
        if not _is_word(token):
            continue
        # FOREIGN KEY is one token.
        word = token.text.upper().split()[-1]
        if word in _REFUSED_WORDS:
            yield f"{word}: {_REFUSED_WORDS[word]}"
        elif following is not None and following.token_type is TokenType.L_PAREN and word not in _CALLED:
            yield f"{word}(…): no function that is known to be there"


def _is_word(token: Token) -> bool:
    return token.token_type is not TokenType.IDENTIFIER and token.text[:1].isalpha()


def _of_tree(tree: exp.Expr) -> Iterator[str]:
    for node in tree.walk():
        if isinstance(node, exp.Command):
            yield f"not understood: {node.sql(dialect='tsql')[:80]}"
        elif isinstance(node, exp.Lock):
            yield "FOR UPDATE: WITH (UPDLOCK) behind the table"
        elif isinstance(node, exp.Values) and len(node.expressions) > MOST_ROWS:
            yield f"{len(node.expressions)} rows of VALUES: at most {MOST_ROWS}"
        elif isinstance(node, exp.Distinct) and node.args.get("on"):
            yield "DISTINCT ON: a window's ROW_NUMBER"
        elif isinstance(node, exp.SetItem) and len(node.expressions) > 1:
            yield "SET TRANSACTION: its level alone"
        elif isinstance(node, exp.In):
            yield from _of_in(node)
        elif isinstance(node, exp.Select):
            yield from _of_select(node)
        elif isinstance(node, exp.AggFunc) and node.find(exp.Select):
            yield "an aggregate of a subquery (error 130)"
        if _is_truth(node) and not _is_asked_for(node):
            yield f"a truth as a value: {node.sql(dialect='tsql')[:80]}"
        for asked in _conditions(node):
            if not _is_truth(asked.unnest()):
                yield f"a value as a condition: {asked.sql(dialect='tsql')[:80]}"


def _of_in(node: exp.In) -> Iterator[str]:
    if len(node.expressions) > MOST_ROWS:
        yield f"an IN of {len(node.expressions)}: at most {MOST_ROWS}"
    if isinstance(node.this, exp.Tuple):
        yield "an IN of several columns: EXISTS"


def _of_select(node: exp.Select) -> Iterator[str]:
    is_inner = node.parent is not None and not isinstance(node.parent, exp.Insert)
    if is_inner and node.args.get("order") and not (node.args.get("limit") or node.args.get("offset")):
        yield "an inner SELECT in an order without TOP (error 1033)"
    group = node.args.get("group")
    if group is not None and group.find(exp.Select):
        yield "GROUP BY a subquery (error 144)"


# --- Truths: T-SQL has no values of them, and columns that hold one are bits ---


def _is_truth(node: exp.Expr) -> bool:
    return isinstance(node, exp.Predicate | exp.Connector | exp.Not | exp.Exists | exp.Escape)


def _conditions(node: exp.Expr) -> Iterator[exp.Expr]:
    """Return the children of a node that must be truths."""
    if isinstance(node, exp.Where | exp.Having | exp.Not | exp.Escape | exp.CheckColumnConstraint):
        yield node.this
    elif isinstance(node, exp.Connector):
        yield from (node.left, node.right)
    elif isinstance(node, exp.Join) and (on := node.args.get("on")):
        yield on
    elif isinstance(node, exp.If) and isinstance(node.parent, exp.Case) and not node.parent.this:
        yield node.this


def _is_asked_for(node: exp.Expr) -> bool:
    """Return whether a truth stands where one is wanted; = also sets a column or an option, and names a value."""
    child, parent = node, node.parent
    while isinstance(parent, exp.Paren):
        child, parent = parent, parent.parent
    if parent is None:
        return isinstance(node, exp.Exists)
    if isinstance(node, exp.EQ) and isinstance(parent, exp.Update | exp.SetItem):
        return child.arg_key == "expressions" or isinstance(parent, exp.SetItem)
    if isinstance(parent, exp.IfBlock | exp.WhileBlock):
        return child.arg_key == "this"
    return any(child is asked for asked in _conditions(parent))
