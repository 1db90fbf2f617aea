"""Side features: named numbers of cells that are no measurement of the score, such as FLOPs or zero-cost proxies.

A side feature may have a role, which says how it usually goes with the score: an early `score` or `loss` of the same
network, a `size` or a `cost`, of which more is mostly better. Without a label, predictions follow it; with labels, as
far as these agree.

Any subset may be missing, cell by cell. Before a predictor reads them, each is brought to the scale of its values at
the evaluated cells (`standardise_side`), so that units never matter.

Axes: cell; context, the evaluated cells; side, the columns of side features. numpy alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from metanp.brief import brief
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.descriptions import NOTHING, Descriptions
from metanp.given import InputError, read_numbers, shown
from metanp.nearest import names_like, nearest
from metanp.score_transform import ScoreTransform

ROLES = {"score": (0, 1.0), "loss": (0, -1.0), "size": (1, 1.0), "cost": (1, 1.0)}  # -> kind of hint, usual sign
HINTS = 2  # kinds of roles: scores, sizes
FURTHEST = 4.0  # no value is further out than this, in standard deviations of the evaluated cells


@dataclass(frozen=True)
class Side:
    """Named side features of cells, NaN where missing.

    derived: columns that follow from the cells themselves, which nobody named. flags: of those that `with_derived` put
    among the names, the ones that are 0, not missing, for cells without them. places: those of chains; written: those
    of cells as they are written, by kind, which are last. roles: names with their role. whole: what `rows` took these
    cells from, whose scale serves where no other is known.
    """

    names: tuple[str, ...]
    values: Float[np.ndarray, "cell side"]
    derived: Descriptions = field(default=NOTHING, repr=False)
    flags: frozenset[str] = field(default=frozenset(), repr=False)
    places: frozenset[str] = field(default=frozenset(), repr=False)
    written: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    roles: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    whole: Side | None = field(default=None, repr=False)

    __repr__ = brief

    def __bool__(self) -> bool:
        return bool(self.names or self.derived)

    @classmethod
    def of(cls, features: Any, n: int) -> Side:
        """From a DataFrame, a mapping of name to one number a cell, one mapping a cell, or None; NaN where missing.

        Raises:
            InputError: something else, such as an array, which has no names.
            ValueError: a name given twice, a column with another number of rows than there are cells, or a value that
                is infinite or no number; named.
        """
        if features is None:
            return cls((), np.zeros((n, 0)))
        columns: dict[str, Float[np.ndarray, " cell"]] = {}
        for name, values in _named(features):
            if str(name) in columns:
                raise ValueError(f"side feature {str(name)!r} is given twice; give each its own name")
            columns[str(name)] = _column(str(name), values, n)
        return cls(tuple(columns), np.stack([*columns.values()], axis=1) if columns else np.zeros((n, 0)))

    @classmethod
    def of_both(cls, features: Any, scored: int, failed: int) -> Side:
        """Of evaluated cells, then of failed ones, whose rows may be absent and are then missing.

        Raises:
            ValueError: as `of`.
        """
        if not failed or features is None:
            return cls.of(features, scored + failed)
        try:
            return cls.of(features, scored + failed)
        except ValueError:
            side = cls.of(features, scored)
        return cls(side.names, np.concatenate([side.values, np.full((failed, len(side.names)), np.nan)]))

    def with_roles(self, roles: Any) -> Side:
        """The same, with what is known of some features; one that no cell has yet is added, where there is no cell.

        Raises:
            InputError: no mapping of names to roles.
            ValueError: a role that there is not, or a name that no feature has; named, with the nearest.
        """
        if not roles:
            return self
        if not isinstance(roles, Mapping):
            raise InputError(f"roles are {shown(roles)}; give names and roles, such as {{'flops': 'size'}}")
        for name, role in roles.items():
            if role not in ROLES:
                raise ValueError(f"side feature {name!r} has the role {role!r:.80}; {nearest(str(role), ROLES)}")
        new = [name for name in roles if name not in self.names]
        if new and len(self.values):
            raise ValueError(f"{new[0]!r} has a role, but there is no such side feature; {nearest(new[0], self.names)}")
        names = (*self.names, *new)
        values = self.values if not new else np.zeros((0, len(names)))
        return replace(self, names=names, values=values, roles=tuple(roles.items()))

    def hint(self, cells: Side) -> Float[np.ndarray, "cell kind"]:
        """What features with a role say of the score of `cells`, by kind of role; these are the evaluated ones."""
        if not self.roles:
            return np.zeros((len(cells.values), HINTS))
        said: list[list[np.ndarray]] = [[] for _ in range(HINTS)]
        values = cells.like(self)
        whole = values if cells.whole is None else cells.whole.like(self)
        for name, role in self.roles:
            kind, sign = ROLES[role]
            column = [self.names.index(name)]
            hint = standardise_hint(self.values[:, column], values[:, column], whole[:, column])[:, 0]
            said[kind].append(sign * hint)
        none = np.zeros(len(values))
        return np.stack([np.mean(columns, axis=0) if columns else none for columns in said], axis=1)

    def of_cells(self, cells: Sequence[Cell] | CellArray) -> Side:
        """These, and what follows from the cells themselves."""
        return replace(self, derived=Descriptions.of(cells))

    def with_derived(self, written: bool = False) -> Side:
        """For evaluated cells: the derived columns that vary among them behind the others; of one name, the user's.

        written: whether columns of cells as they are written are wanted too, last.
        """
        new = [name for name in self.derived.varying() if name not in self.names]
        flags = frozenset(new) & self.derived.flags.keys()
        columns = [self.derived.column(name, name in flags) for name in new]
        places = [name for name in self.derived.places.varying() if name not in (*self.names, *new)]
        columns += [self.derived.places.column(name) for name in places]
        names = (*self.names, *new, *places)
        kinds = self.derived.written.varying() if written else []
        more = tuple(tuple(name for name in kind if name not in names) for kind in kinds)
        columns += [self.derived.written.column(name) for kind in more for name in kind]
        names = names + sum(more, ())
        values = np.column_stack([self.values, *columns])
        return Side(names, values, flags=flags, places=frozenset(places), written=more, roles=self.roles)

    def views(self) -> list[Side]:
        """Ways to read these cells: without columns of cells as they are written, then with one kind more each time."""
        first = len(self.names) - sum(map(len, self.written))
        counts = [first, *(first + np.cumsum([*map(len, self.written)]))]
        return [
            replace(self, names=self.names[:n], values=self.values[:, :n], written=self.written[:kinds])
            for kinds, n in enumerate(counts)
        ]

    def as_written(self, known: Side) -> Side:
        """These, and the columns of cells as they are written that the evaluated ones have."""
        new = [name for name in sum(known.written, ()) if name not in self.names]
        values = np.column_stack([self.values, *(self.derived.written.column(name) for name in new)])
        return replace(self, names=(*self.names, *new), values=values)

    def rows(self, index: Any) -> Side:
        """Some of the cells."""
        whole = self if self.whole is None else self.whole
        return replace(self, values=self.values[index], derived=self.derived.rows(index), whole=whole)

    def like(self, known: Side) -> Float[np.ndarray, "cell side"]:
        """The columns of `known`, by name; missing where there is no such column here."""
        place = {name: i for i, name in enumerate(self.names)}
        values = np.full((len(self.values), len(known.names)), np.nan)
        for i, name in enumerate(known.names):
            if name in place:
                values[:, i] = self.values[:, place[name]]
            elif self.derived.n and name in known.places:
                values[:, i] = self.derived.places.column(name)
            elif self.derived.n and any(name in kind for kind in known.written):
                values[:, i] = self.derived.written.column(name)
            elif self.derived.n:
                values[:, i] = self.derived.column(name, name in known.flags)
        return values

    def check_known(self, known: Sequence[str]) -> None:
        """Refuse side features that the evaluated cells do not have: nothing could be learned about them.

        Raises:
            ValueError: one that is not among `known`; names it and the nearest that is.
        """
        if unknown := [name for name in self.names if name not in known]:
            near = names_like(unknown[0], known, most=1, alike=0)
            hint = f"nearest to the first: {near[0]!r}" if near else "which saw none"
            raise ValueError(
                f"side features {unknown} were not given to fit, {hint}; give them for all cells, or for none"
            )


def _named(features: Any) -> list[tuple[Any, Any]]:
    """Columns with their names."""
    if isinstance(features, Mapping):
        return list(features.items())
    if hasattr(features, "columns"):  # by position: two columns may have one name
        return [(name, features.iloc[:, i]) for i, name in enumerate(features.columns)]
    if isinstance(name := getattr(features, "name", None), str) and hasattr(features, "index"):
        return [(name, features)]
    if isinstance(features, Sequence) and features and all(isinstance(row, Mapping) for row in features):
        names = dict.fromkeys(name for row in features for name in row)
        return [(name, [row.get(name) for row in features]) for name in names]
    raise InputError(
        f"side features are {shown(features)} ({type(features).__name__}), which has no names; "
        "give a DataFrame or a dict, such as {'flops': [51.0, 62.3]}"
    )


def _column(name: str, values: Any, n: int) -> Float[np.ndarray, " cell"]:
    try:
        column = read_numbers(values, "values")
    except ValueError as error:
        raise ValueError(f"side feature {name!r}: {error}; expected one number a cell, NaN where missing") from None
    if len(column) != n:
        raise ValueError(f"side feature {name!r} has {len(column)} values for {n} cells")
    if np.isinf(column).any():
        raise ValueError(f"side feature {name!r} is infinite at cell {int(np.isinf(column).argmax())}")
    return column


def standardise_side(
    context: Float[np.ndarray, "context side"], cells: Float[np.ndarray, "cell side"]
) -> Float[np.ndarray, "cell side"]:
    """Each side feature on the scale of its values at the evaluated cells; NaN stays NaN.

    Values far outside those of the context are clipped to +-4. A feature that no evaluated cell has stays missing, as
    it has no scale.
    """
    out = np.full(cells.shape, np.nan)
    for j in range(cells.shape[1]):
        known = _known(context, j)
        finite = np.isfinite(cells[:, j]) & (len(known) > 0)
        out[finite, j] = np.clip(ScoreTransform.fit(known).forward(cells[finite, j]), -FURTHEST, FURTHEST)
    return out


def standardise_hint(
    context: Float[np.ndarray, "context kind"],
    cells: Float[np.ndarray, "cell kind"],
    whole: Float[np.ndarray, "any kind"],
) -> Float[np.ndarray, "cell kind"]:
    """Hints on the scale of their values at the evaluated cells, of `whole` where these have less than two values.

    0 where missing. Values far outside grow slowly further, so that no order is lost.
    """
    out = np.zeros(cells.shape)
    for j in range(cells.shape[1]):
        scale = next((one for one in (_known(context, j), _known(whole, j)) if len(np.unique(one)) > 1), None)
        if scale is None:
            continue
        finite = np.isfinite(cells[:, j])
        value = ScoreTransform.fit(scale).forward(cells[finite, j])
        beyond = np.maximum(np.abs(value) - FURTHEST, 0)
        out[finite, j] = np.clip(value, -FURTHEST, FURTHEST) + np.sign(value) * np.log1p(beyond)
    return out


def _known(values: Float[np.ndarray, "cell side"], column: int) -> Float[np.ndarray, " known"]:
    """The values of a column that are not missing."""
    return values[np.isfinite(values[:, column]), column]
