"""The agreement to begin with: a commented document from six answers, or around the rows of a table.

Names, addresses and on-call rotas are few and marked; what it does not say holds by default. It begins in mode
"observe": everything is decided, clocked and explained, and nobody is paged.
"""

from __future__ import annotations

from collections.abc import Sequence

from tandem.agreement.schema.matrix import ScopeRow
from tandem.agreement.starter.answers import Answers, slug
from tandem.agreement.starter.sections import (
    classification,
    functions,
    functions_of,
    matrix,
    named_people,
    paths,
    places,
    with_ids,
)
from tandem.agreement.tables.section import scalar
from tandem.model.ownership import Party, TenantKind, Track


def starter(answers: Answers, rows: Sequence[ScopeRow] = ()) -> str:
    """The document as text.

    Args:
        answers: who, when, whose.
        rows: of a matrix that exists already; they take the place of the questions about functions, and what they
            name (sites, tags, people, paths) is declared with them. Names become ids: ``Mail & web``, ``mail-web``.
    """
    names = {slug(name): name for name in functions_of(rows)}
    rows = [with_ids(row) for row in rows]
    parts = (
        _head(answers),
        _calendars(answers),
        _parties(answers),
        _people(answers, rows),
        _schedules(answers, rows),
        functions(rows, names),
        classification(rows),
        matrix(answers, rows),
        places(answers, rows),
        _integrations(answers),
    )
    return "\n".join(part for part in parts if part)


def _head(answers: Answers) -> str:
    managed = answers.kind is TenantKind.MANAGED
    return f"""\
# A co-management agreement to start from: who does what, who is called when. Both parties read it, so keep it in Git.
#
#   tandem agreement check DIR        every problem at once, as file:line:column
#   tandem agreement matrix FILE      the scope matrix as a table, also for a spreadsheet
#   tandem serve --agreements DIR     start with it
#
# It begins in mode "observe": alerts are received, decided, clocked and explained, and nobody is paged.
schema: tandem/agreement/v1

tenant:
  id: {slug(answers.name)}
  name: {scalar(answers.name)}
  kind: {answers.kind.value:<20}{"# the provider does it all" if managed else "# managed: no internal team"}
  mode: observe             # later: overlap (both are told), then live
  users: {answers.users:<19}# more than 20 % of them without service is a P1
  zone: {answers.zone}
"""


def _calendars(answers: Answers) -> str:
    return f"""\
# Who works when. An interval that closes at or before it opens runs into the next day.
calendars:
  office:
    zone: {answers.zone}
    weekly:
      {answers.days}: {answers.hours}
    # holidays_of: US       # US-NJ for a state; or list days: holidays: [2027-01-01]
    # special: {{2026-11-27: 09:00-13:00}}
"""


def _parties(answers: Answers) -> str:
    internal = f"""\
  internal:
    name: {scalar(f"{answers.name} IT")}
    calendar: office
    accountable: {_lead(answers)}
    senior_ops: {_lead(answers)}
    senior_soc: {_lead(answers)}
    security_contact: {_lead(answers)}
    team: {{channel: email, to: {scalar(answers.lead_mail)}}}   # told, never paged
"""
    return f"""\
parties:
{"" if answers.kind is TenantKind.MANAGED else internal}  msp:
    name: {scalar(answers.provider)}
    calendar: 24x7          # always exists
    accountable: duty-manager
    senior_ops: senior-ops
    senior_soc: senior-soc
    team: {{channel: email, to: {scalar(answers.on_call)}}}
"""


def _people(answers: Answers, rows: Sequence[ScopeRow]) -> str:
    _, at, domain = answers.on_call.rpartition("@")
    there = domain if at else "provider.example"
    people = [
        ("duty-manager", "Provider's duty manager", "msp", f"duty-manager@{there}", True),
        ("ops-on-call", "Operations on call", "msp", answers.on_call, False),
        ("senior-ops", "Senior engineer", "msp", f"senior-ops@{there}", True),
        ("soc-on-call", "Security on call", "msp", answers.security, False),
        ("senior-soc", "Incident response lead", "msp", f"senior-soc@{there}", True),
    ]
    if answers.kind is not TenantKind.MANAGED:
        people.insert(0, (_lead(answers), answers.lead, "internal", answers.lead_mail, False))
    known = {person[0] for person in people}
    client = answers.lead_mail.rpartition("@")[2]
    for name in named_people(rows):
        if name not in known:
            side = ("msp", there) if answers.kind is TenantKind.MANAGED else ("internal", client)
            people.append((name, name, side[0], f"{name}@{side[1]}", True))
    lines = "".join(
        f"  {name}: {{name: {scalar(full)}, party: {party}, contacts: [{{channel: email, to: {scalar(mail)}}}]}}"
        f"{'   # change' if guessed else ''}\n"
        for name, full, party, mail, guessed in people
    )
    return f"""\
# Everybody who is paged or told. Channels: webhook, email, ntfy. `${{PAGER_INBOX}}` may stand in an address and is
# filled in by whoever loads the document. Somebody is away: absences: [{{from: 2026-12-21, to: 2026-12-27}}]
people:
{lines}"""


def _schedules(answers: Answers, rows: Sequence[ScopeRow]) -> str:
    duties = [(Party.MSP, Track.OPS, "ops-on-call"), (Party.MSP, Track.SOC, "soc-on-call")]
    if answers.kind is not TenantKind.MANAGED:
        duties[:0] = [(Party.INTERNAL, track, _lead(answers)) for track in Track]
    lines = "".join(
        f"  - {{id: {party}-{track}, zone: {answers.zone}, party: {party}, track: {track},\n"
        f"     layers: [{{people: [{person}], unit: week, anchor: 2026-01-05T09:00}}]}}\n"
        for party, track, person in duties
    )
    return f"""\
# Who is on call: put the people of each rota into its list. Operations and security are two tracks that never merge. A
# party with one schedule for a track and no path of its own gets the default ladder: on call, the named senior after
# 10 minutes, the Accountable after 27.
schedules:
{lines}{paths(rows)}"""


def _integrations(answers: Answers) -> str:
    return f"""\
# The ways in; `tandem integrations add` makes their secrets, which never stand here.
integrations:
  - {{name: {slug(answers.name)}-monitoring, vendor: alertmanager, auth: bearer}}
"""


def _lead(answers: Answers) -> str:
    return slug(answers.lead)
