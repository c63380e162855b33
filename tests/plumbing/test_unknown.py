"""NULL in a CHECK counts as held: no constraint over several columns may become unknown because one of them is empty."""

from itertools import product

from django.db.models import CheckConstraint, Q
from django.db.models.expressions import Col
from django.db.models.lookups import Exact, In, IsNull
from django.db.models.sql import Query

from locations.models import Place
from tests.plumbing.test_constraints import our_models

# What may pass when a column is empty, and why.
MAY_PASS: dict[str, str] = {}
OTHER = object()  # any value that the constraint does not name


def columns_of(node):
    if isinstance(node, Col):
        return [node.target]
    parts = getattr(node, "children", None) or node.get_source_expressions()
    return [column for part in parts if hasattr(part, "get_source_expressions") or hasattr(part, "children") for column in columns_of(part)]


def atoms_of(node):
    return [atom for child in node.children for atom in atoms_of(child)] if hasattr(node, "children") else [node]


def is_named(atom):
    """Whether the atom compares a column with values that are written out."""
    rhs = atom.rhs if isinstance(atom, Exact | In) and isinstance(atom.lhs, Col) else OTHER
    return rhs is not OTHER and not hasattr(rhs, "resolve_expression") and not hasattr(rhs, "as_sql")


def named(atom):
    return list(atom.rhs) if isinstance(atom, In) else [atom.rhs]


def truth(node, row, free):
    """True, False or None for unknown, as SQL has it."""
    if hasattr(node, "children"):
        found = [truth(child, row, free) for child in node.children]
        if node.connector == "XOR":
            value = None if None in found else found.count(True) % 2 == 1
        else:
            decides = node.connector == "OR"
            value = decides if decides in found else None if None in found else not decides
        return value if value is None or not node.negated else not value
    if isinstance(node, IsNull):
        return (row[node.lhs.target.name] is None) is node.rhs
    if any(row[column.name] is None for column in columns_of(node)):
        return None
    if is_named(node):
        return row[node.lhs.target.name] in named(node)
    if isinstance(node, Col):
        return row[node.target.name] is True
    return free[node]


def unknown_rows(model, constraint):
    """The rows of values for which the condition is unknown; what is neither NULL nor named may hold or not."""
    where = Query(model=model, alias_cols=False).build_where(constraint.condition)
    atoms = atoms_of(where)
    columns = {column.name: column for column in columns_of(where)}
    if len(columns) < 2:  # says what a value has to be, not that there is one
        return
    values = {
        name: [None] * column.null + ([True, False] if column.get_internal_type() == "BooleanField" else [OTHER])
        for name, column in columns.items()
    }
    loose = []
    for atom in atoms:
        if is_named(atom):
            known = values[atom.lhs.target.name]
            known += [value for value in named(atom) if value not in known]
        elif not isinstance(atom, IsNull | Col) and atom not in loose:
            loose.append(atom)
    for chosen in product(*values.values()):
        row = dict(zip(values, chosen, strict=True))
        for held in product((True, False), repeat=len(loose)):
            if truth(where, row, dict(zip(loose, held, strict=True))) is None:
                yield {name: "NULL" if value is None else "…" if value is OTHER else value for name, value in row.items()}
                break


def test_no_constraint_over_several_columns_is_unknown_when_one_is_empty():
    found = {}
    for model in our_models():
        for constraint in model._meta.constraints:
            if isinstance(constraint, CheckConstraint):
                row = next(unknown_rows(model, constraint), None)
                if row is not None:
                    found[constraint.name] = row
    assert {name: row for name, row in found.items() if name not in MAY_PASS} == {}
    assert set(MAY_PASS) <= set(found), "no longer passes"


def test_a_hole_is_seen():
    def hole(condition):
        return next(unknown_rows(Place, CheckConstraint(condition=condition, name="hole")), None)

    neither = Q(latitude__isnull=True, longitude__isnull=True)
    point = Q(latitude__range=(-90, 90), longitude__range=(-180, 180))
    assert hole(neither | point) == {"latitude": "NULL", "longitude": "…"}
    assert hole(neither | Q(latitude__isnull=False, longitude__isnull=False) & point) is None
    assert hole(Q(level=0) | Q(valid_from__year__gte=2000)) == {"level": "…", "valid_from": "NULL"}
