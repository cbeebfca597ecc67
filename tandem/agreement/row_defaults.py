"""What a row of the scope matrix means where it says nothing: track, paths, who takes it after hours, mode. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tandem.agreement.compiled import default_path
from tandem.agreement.schema.documents import TenantDocument
from tandem.agreement.schema.matrix import ScopeRow
from tandem.agreement.schema.people import PathSpec
from tandem.agreement.schema.scope import FunctionSpec
from tandem.model.ownership import Mode, Owner, Party, TenantKind, Track


def completed(row: ScopeRow, document: TenantDocument, paths: Mapping[str, PathSpec]) -> ScopeRow:
    """``row`` with its defaults: track, paths of both parties, who takes it after hours, mode."""
    track = row.track or _track_of(row.function or (), document.functions)
    found = {party: default_path(paths, party, track) for party in Party}
    chosen = {party: path.id for party, path in found.items() if path is not None} | row.paths
    return row.model_copy(
        update={
            "track": track,
            "paths": chosen,
            "after_hours": row.after_hours or _after_hours(row, document),
            "mode": row.mode or _mode_of(row, document),
        }
    )


def _mode_of(row: ScopeRow, document: TenantDocument) -> Mode | None:
    """The mode of the row's functions where ``modes`` says one for all alike; None: it follows the alert's function."""
    if not row.function and document.modes:
        return None
    said = {document.modes.get(name, document.tenant.mode) for name in row.function or ()} or {document.tenant.mode}
    return said.pop() if len(said) == 1 else None


def _after_hours(row: ScopeRow, document: TenantDocument) -> str:
    if row.owner is Owner.MSP or document.tenant.kind is TenantKind.MANAGED:
        return "msp"
    return "msp" if Party.MSP in document.parties else "internal"


def _track_of(functions: Iterable[str], known: Iterable[FunctionSpec]) -> Track:
    """The track of the first declared function; an undeclared one is operations."""
    tracks = {function.id: function.track for function in known}
    return next((tracks[name] for name in functions if name in tracks), Track.OPS)
