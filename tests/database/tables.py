"""The tables that a run of DDL leaves behind, and what Azure SQL refuses of them: keys, types, names, paths."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from tests.database.tsql import trees

MOST_KEY = 1700
"""Bytes of an index's key; a primary key, which orders the table itself, has fewer."""
MOST_PRIMARY_KEY = 900
MOST_NAME = 128

PRIMARY, UNIQUE, FOREIGN, CHECK, INDEX, UNIQUE_INDEX = "primary", "unique", "foreign", "check", "index", "unique index"

_BYTES = {"BIGINT": 8, "INT": 4, "SMALLINT": 2, "BIT": 1, "DATE": 3, "TIME": 5, "DOUBLE": 8, "FLOAT": 8}
_BYTES |= {"TIMESTAMPTZ": 10, "DATETIMEOFFSET": 10, "DECIMAL": 17}
_PER_LETTER = {"NVARCHAR": 2, "NCHAR": 2, "VARCHAR": 1, "CHAR": 1, "VARBINARY": 1, "BINARY": 1}


@dataclass(frozen=True, slots=True)
class Column:
    """Its type in words, how many bytes it has in an index (None for one that can't be in any), may it be NULL."""

    type: str
    bytes: int | None
    nullable: bool


@dataclass(frozen=True, slots=True)
class Key:
    """An index or a constraint, of which kind, and the table and column that a foreign one refers to."""

    kind: str
    columns: tuple[str, ...]
    to: tuple[str, str] | None = None


@dataclass(slots=True)
class Tables:
    """What was made so far. Names are compared without case, as there."""

    columns: dict[str, dict[str, Column]] = field(default_factory=dict)
    keys: dict[tuple[str, str], Key] = field(default_factory=dict)
    """By table and name."""

    def faults(self, sql: str) -> list[str]:
        """Take a statement in, and return what Azure SQL refuses of it."""
        return [fault for tree in trees(sql) for fault in self._of(tree)]

    def constraints(self, table: str) -> dict[str, dict[str, Any]]:
        """Return what Django's introspection says of a table."""
        return {
            name: {
                "columns": list(key.columns),
                "primary_key": key.kind == PRIMARY,
                "unique": key.kind in (PRIMARY, UNIQUE, UNIQUE_INDEX),
                "unique_constraint": key.kind == UNIQUE,
                "foreign_key": key.to,
                "check": key.kind == CHECK,
                "index": key.kind in (INDEX, UNIQUE_INDEX),
                "orders": ["ASC"] * len(key.columns),
                "type": "idx",
                "default": False,
            }
            for (of, name), key in self.keys.items()
            if of == table.lower()
        }

    def bits(self) -> set[tuple[str, str]]:
        """Return the columns that hold a truth, with their tables."""
        return {
            (table, name) for table, found in self.columns.items() for name, it in found.items() if it.type == "BIT"
        }

    def _of(self, tree: exp.Expr) -> Iterator[str]:
        if isinstance(tree, exp.Create) and tree.kind == "TABLE":
            table = _name(tree.this.this)
            self.columns[table] = {}
            yield from _of_name(table)
            parts = tree.this.expressions
            for part in parts:
                if isinstance(part, exp.ColumnDef):
                    yield from self._added(table, part)
            for part in parts:
                if isinstance(part, exp.Constraint):
                    yield from self._constrained(table, part)
        elif isinstance(tree, exp.Create) and tree.kind == "INDEX":
            yield from self._indexed(tree)
        elif isinstance(tree, exp.Alter):
            for action in tree.args["actions"]:
                yield from self._altered(_name(tree.this), action)
        elif isinstance(tree, exp.Drop) and tree.kind == "INDEX":
            del self.keys[_name(tree.args["cluster"].this), _name(tree.args["tables"][0])]
        elif isinstance(tree, exp.Drop):
            del self.columns[_name(tree.args["tables"][0])]

    def _altered(self, table: str, action: exp.Expr) -> Iterator[str]:
        if isinstance(action, exp.ColumnDef):
            # By a default for a column that is there, too: that is no new one.
            if _name(action) not in self.columns[table]:
                yield from self._added(table, action)
        elif isinstance(action, exp.AlterColumn):
            name, kind = _name(action), action.args["dtype"]
            before = self.columns[table][name]
            self.columns[table][name] = _column(kind, nullable=bool(action.args.get("allow_null")))
            yield from _of_type(f"{table}.{name}", kind)
            if self.columns[table][name].type.partition("(")[0] != before.type.partition("(")[0]:
                yield from self._in_use(table, name)
        elif isinstance(action, exp.AddConstraint):
            for constraint in action.expressions:
                yield from self._constrained(table, constraint)
        elif isinstance(action, exp.Drop) and action.kind == "COLUMN":
            yield from self._in_use(table, _name(action.args["tables"][0]))
            del self.columns[table][_name(action.args["tables"][0])]
        elif isinstance(action, exp.Drop):
            # A default's name is the server's: it is not kept here.
            self.keys.pop((table, _name(action.args["tables"][0])), None)

    def _in_use(self, table: str, column: str) -> Iterator[str]:
        for (of, name), key in self.keys.items():
            if of == table and column in key.columns:
                yield f"{table}.{column} is in use by {name} (error 5074)"

    def _added(self, table: str, part: exp.ColumnDef) -> Iterator[str]:
        kinds = [constraint.kind for constraint in part.args["constraints"]]
        nullable = not any(isinstance(kind, exp.PrimaryKeyColumnConstraint) or _forbids_null(kind) for kind in kinds)
        name = _name(part)
        self.columns[table][name] = _column(part.args["kind"], nullable=nullable)
        yield from _of_name(name)
        yield from _of_type(f"{table}.{name}", part.args["kind"])
        for constraint in part.args["constraints"]:
            said = _name(constraint) if constraint.this else f"{table}_{name}_by_the_server"
            if isinstance(constraint.kind, exp.PrimaryKeyColumnConstraint):
                yield from self._keyed(table, said, Key(PRIMARY, (name,)))
            elif isinstance(constraint.kind, exp.UniqueColumnConstraint):
                yield from self._unique(table, said, Key(UNIQUE, (name,)))
            elif isinstance(constraint.kind, exp.CheckColumnConstraint):
                yield from self._kept(table, f"{said}_check", Key(CHECK, (name,)))

    def _constrained(self, table: str, constraint: exp.Expr) -> Iterator[str]:
        name = _name(constraint)
        for part in constraint.expressions:
            if isinstance(part, exp.UniqueColumnConstraint):
                yield from self._unique(table, name, Key(UNIQUE, tuple(map(_name, part.this.expressions))))
            elif isinstance(part, exp.PrimaryKey):
                yield from self._keyed(table, name, Key(PRIMARY, tuple(map(_name, part.expressions))))
            elif isinstance(part, exp.ForeignKey):
                yield from self._refers(table, name, part)
            elif isinstance(part, exp.CheckColumnConstraint):
                columns = dict.fromkeys(_name(column) for column in part.find_all(exp.Column))
                yield from self._kept(table, name, Key(CHECK, tuple(columns)))

    def _refers(self, table: str, name: str, part: exp.ForeignKey) -> Iterator[str]:
        reference = part.args["reference"]
        if reference.args.get("options"):
            yield f"{name}: {' '.join(map(str, reference.args['options']))} by the database (error 1785)"
        other, (theirs,), (ours,) = _name(reference.this.this), reference.this.expressions, part.expressions
        yield from self._kept(table, name, Key(FOREIGN, (_name(ours),), (other, _name(theirs))))
        types = [self.columns[table][_name(ours)].type, self.columns[other][_name(theirs)].type]
        if types[0] != types[1]:
            yield f"{name}: {types[0]} refers to {types[1]} (error 1778)"

    def _indexed(self, tree: exp.Create) -> Iterator[str]:
        index = tree.this
        table, name = _name(index.args["table"]), _name(index)
        columns = tuple(_name(one.this) for one in index.args["params"].args["columns"])
        where = index.args["params"].args.get("where")
        if where is not None and not _is_simple(where.this):
            yield f"{name}: a condition that is no AND of simple comparisons"
        if tree.args.get("unique"):
            filtered = {_name(column) for column in where.find_all(exp.Column)} if where else set()
            yield from self._unique(table, name, Key(UNIQUE_INDEX, columns), filtered)
        else:
            yield from self._keyed(table, name, Key(INDEX, columns))

    def _unique(self, table: str, name: str, key: Key, filtered: Collection[str] = ()) -> Iterator[str]:
        for column in key.columns:
            if self.columns[table][column].nullable and column not in filtered:
                yield f"{name}: unique with NULLs in {column}, of which a second one is refused"
        yield from self._keyed(table, name, key)

    def _keyed(self, table: str, name: str, key: Key) -> Iterator[str]:
        sizes = [self.columns[table][column].bytes for column in key.columns]
        most = MOST_PRIMARY_KEY if key.kind == PRIMARY else MOST_KEY
        if None in sizes:
            yield f"{name}: a key of {', '.join(key.columns)}, one of which has no bound"
        elif (total := sum(size or 0 for size in sizes)) > most:
            yield f"{name}: a key of {total} bytes: at most {most}"
        yield from self._kept(table, name, key)

    def _kept(self, table: str, name: str, key: Key) -> Iterator[str]:
        yield from _of_name(name)
        alike = [found for found in self.keys if found[1] == name]
        if (table, name) in alike:
            yield f"{table} has {name} already"
        elif _is_constraint(key) and any(_is_constraint(self.keys[found]) for found in alike):
            yield f"{name}: a constraint's name is one in the whole schema (error 2714)"
        self.keys[table, name] = key


def _name(node: exp.Expr) -> str:
    return node.name.lower()


def _of_name(name: str) -> Iterator[str]:
    if len(name) > MOST_NAME:
        yield f"a name of {len(name)} letters: at most {MOST_NAME}"


def _is_constraint(key: Key) -> bool:
    return key.kind not in (INDEX, UNIQUE_INDEX)


def _forbids_null(kind: exp.Expr) -> bool:
    return isinstance(kind, exp.NotNullColumnConstraint) and not kind.args.get("allow_null")


def _column(kind: exp.DataType, *, nullable: bool) -> Column:
    name = kind.this.value if hasattr(kind.this, "value") else str(kind.this)
    size = kind.expressions[0].name if kind.expressions else ""
    said = f"{name}({size})" if size else name
    if name in _PER_LETTER:
        return Column(said, _PER_LETTER[name] * int(size or 1) if size.upper() != "MAX" else None, nullable)
    return Column(said, _BYTES.get(name), nullable)


def _of_type(where: str, kind: exp.DataType) -> Iterator[str]:
    column = _column(kind, nullable=True)
    name = column.type.partition("(")[0]
    if name not in _BYTES and name not in _PER_LETTER:
        yield f"{where}: {name}, which loses the offset of a moment, or is no type for a column"
    if column.bytes is not None and column.bytes > 8000:
        yield f"{where}: {column.type} is more than 8,000 bytes"


def _is_simple(condition: exp.Expr) -> bool:
    """Return whether an index may have it: comparisons of a column with a constant, joined by AND."""
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        return _is_simple(condition.left) and _is_simple(condition.right)
    if isinstance(condition, exp.Not):
        return isinstance(condition.this, exp.Is)
    if isinstance(condition, exp.In):
        return all(isinstance(one, exp.Literal) for one in condition.expressions)
    is_comparison = isinstance(condition, exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE | exp.Is)
    return is_comparison and isinstance(condition.this, exp.Column) and not condition.find(exp.Func)
