"""``tandem incidents``: look at incidents and act on them, over the REST API of a running console.

The console is named by --url or TANDEM_URL, the caller by --token or TANDEM_TOKEN. What the API refuses is one line on
stderr: exit code 1 the answer is no, 2 it was asked wrongly, 3 nobody answers.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import typer

from tandem.cli.edge import Output, fail, show
from tandem.cli.trace import say
from tandem.errors import Reason, Refused, TandemError, Unavailable

Url = Annotated[str, typer.Option("--url", envvar="TANDEM_URL", help="The console's address")]
Key = Annotated[str, typer.Option("--token", envvar="TANDEM_TOKEN", help="An API token, tdm_...", show_default=False)]
Format = Annotated[Output, typer.Option("--output", help="table or json")]
Incident = Annotated[str, typer.Argument(help="The incident's id")]
Version = Annotated[
    int | None, typer.Option("--if-version", help="Only if the incident is still at this version", min=1)
]
Result = TypeVar("Result")

DEFAULT_URL = "http://127.0.0.1:8080"
DEADLINE_S = 15.0
LARGEST_ANSWER = 16 * 1024 * 1024
LIST_COLUMNS = ("id", "number", "tenant", "priority", "state", "responsible_party", "function", "title", "opened_at")
_USAGE = {400, 412, 422, 428}

app = typer.Typer(help="Incidents: list, look at, act.", no_args_is_help=True)


@app.command("list")
def list_(  # noqa: PLR0917 - typer makes options of them
    tenant: Annotated[list[str] | None, typer.Option(help="Only this client; may be repeated")] = None,
    owner: Annotated[str | None, typer.Option(help="internal, msp or shared")] = None,
    party: Annotated[str | None, typer.Option(help="The responsible party: internal or msp")] = None,
    priority: Annotated[str | None, typer.Option(help="P1 to P5, several joined by commas")] = None,
    state: Annotated[str | None, typer.Option(help="open, acknowledged, in_progress or resolved")] = None,
    function: Annotated[str | None, typer.Option(help="The kind of work")] = None,
    q: Annotated[
        str, typer.Option("--query", "-q", help="As on the queue page: owner:msp fn:backup -host:test words")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Incidents, newest first; exit code 0 also when there are none."""
    asked = {"owner": owner, "party": party, "priority": priority, "state": state, "function": function, "q": q or None}
    query = [("limit", str(limit)), *(("tenant", each) for each in tenant or ())]
    query += [(name, value) for name, value in asked.items() if value]
    answer = _told(lambda: call(url, token, "GET", f"/api/v1/incidents?{urlencode(query)}"))
    show(answer["items"], output, columns=LIST_COLUMNS)


@app.command("show")
def show_(incident: Incident, url: Url = DEFAULT_URL, token: Key = "", output: Format = Output.TABLE) -> None:
    """One incident: its state, both parties' clocks and what happened."""
    path = f"/api/v1/incidents/{quote(incident, safe='')}"
    found = _told(lambda: {part: call(url, token, "GET", path + part) for part in ("", "/clocks", "/timeline")})
    if output is Output.JSON:
        show([{**found[""], "clocks": found["/clocks"]["items"], "timeline": found["/timeline"]["items"]}], output)
        return
    head = found[""]
    typer.echo(f"#{head['number']} {head['priority']} {head['state']}: {head['title']}")
    typer.echo(
        f"{head['tenant']} · {head['function']} · {head['responsible_party']} responsible · version {head['version']}"
    )
    show(found["/clocks"]["items"], output, columns=("clock", "party", "state", "due", "words"))
    show(found["/timeline"]["items"], output, columns=("at", "sentence", "text"))


@app.command()
def explain(
    incident: Annotated[str, typer.Argument(help="The id of an incident, or of any alert that came in")],
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Why it is where it is: the decision, step by step."""
    said = _told(lambda: _explained(url, token, quote(incident, safe="")))
    if output is Output.JSON:
        show([said], output)
        return
    if "lines" in said:
        say(said)
        return
    typer.echo(said["sentence"])
    for number, step in enumerate(said["steps"], 1):
        typer.echo(f"{number}. {step['name']}: {step['text']}")
        for name, value in step["values"].items():
            typer.echo(f"     {name}: {value}")
        for other in step["rejected"]:
            typer.echo(f"     not {other['row']}: {other['why_not']}")
    typer.echo(f"agreement version {said['agreement_version']}")


@app.command("raise")
def raise_(  # noqa: PLR0917 - typer makes options of them
    title: Annotated[str, typer.Option(help="What is wrong, in one line")],
    function: Annotated[str | None, typer.Option(help="The kind of work; or name an asset")] = None,
    asset: Annotated[str | None, typer.Option(help="The asset or host it is about")] = None,
    impact: Annotated[str | None, typer.Option(help="high, medium or low")] = None,
    tenant: Annotated[str | None, typer.Option(help="The client; needed when the token sees several")] = None,
    to: Annotated[str | None, typer.Option(help="internal or msp; default: whom the agreement says")] = None,
    text: Annotated[str | None, typer.Option(help="What you know")] = None,
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Raise an incident by hand."""
    asked = {
        "title": title,
        "function": function,
        "asset": asset,
        "impact": impact,
        "tenant": tenant,
        "to": to,
        "text": text,
    }
    body = {name: value for name, value in asked.items() if value is not None}
    _done(_told(lambda: call(url, token, "POST", "/api/v1/incidents", body)), output)


@app.command()
def ack(
    incident: Incident,
    track: Annotated[str | None, typer.Option(help="Whose pages it answers, where both have it: soc or ops")] = None,
    version: Version = None,
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Acknowledge for your party; exit code 1 and who was first when somebody already has."""
    _act(url, token, incident, "acknowledge", {"track": track} if track else {}, version, output)


@app.command()
def resolve(
    incident: Incident,
    text: Annotated[str | None, typer.Option(help="What was done")] = None,
    version: Version = None,
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Resolve it."""
    _act(url, token, incident, "resolve", {"text": text} if text else {}, version, output)


@app.command()
def merge(
    incident: Incident,
    into: Annotated[str, typer.Argument(help="The id of the incident that it becomes part of")],
    reason: Annotated[str | None, typer.Option(help="Why they are one")] = None,
    version: Version = None,
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Make it part of another incident, which takes over its alerts; its own clocks and pages end."""
    body = {"other_incident": into, **({"reason": reason} if reason else {})}
    _act(url, token, incident, "merge", body, version, output)


@app.command()
def link(
    incident: Incident,
    other: Annotated[str, typer.Argument(help="The id of the incident to put beside it")],
    reason: Annotated[str | None, typer.Option(help="What they have to do with each other")] = None,
    version: Version = None,
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Put another incident beside it; nothing else changes."""
    body = {"other_incident": other, **({"reason": reason} if reason else {})}
    _act(url, token, incident, "link", body, version, output)


def _explained(url: str, token: str, id_: str) -> dict[str, Any]:
    """Of the incident of this id, else of the alert."""
    found: dict[str, Any]
    try:
        found = call(url, token, "GET", f"/api/v1/incidents/{id_}/explain")
    except Refused as refusal:
        if refusal.reason is not Reason.NOT_FOUND:
            raise
        found = call(url, token, "GET", f"/api/v1/alerts/{id_}/explain")
    return found


def _act(
    url: str, token: str, incident: str, action: str, body: Mapping[str, Any], version: int | None, output: Output
) -> None:
    path = f"/api/v1/incidents/{quote(incident, safe='')}/{action}"
    headers = {"if-match": f'"{version}"'} if version else {}
    _done(_told(lambda: call(url, token, "POST", path, body, headers)), output)


def call(
    url: str, token: str, method: str, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] = {}
) -> Any:  # noqa: ANN401 - whatever JSON the API answers; the default is never changed
    """One request to the API and its answer, decoded. Follows no redirect: the token goes to ``url`` only.

    Raises:
        Refused: the console said no; its own words.
        Unavailable: nobody answers there, or not as the console would.
    """
    connection = _connection(url)
    sent = {
        "accept": "application/json",
        "content-type": "application/json",
        "authorization": f"Bearer {token}",
        **headers,
    }
    try:
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        response = connection.getresponse()
        raw = response.read(LARGEST_ANSWER)
    except (OSError, http.client.HTTPException) as fault:
        raise Unavailable(
            url, f"{str(fault) or type(fault).__name__}; is the console running? set --url or TANDEM_URL"
        ) from fault
    except ValueError as fault:  # a token or path that no header can hold
        raise Refused(Reason.INVALID, "the token or an argument holds characters that HTTP cannot carry") from fault
    finally:
        connection.close()
    return _read(url, response.status, raw)


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Refused(Reason.INVALID, f"--url {url!r}: write http://HOST:PORT or https://HOST")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname, parts.port, timeout=DEADLINE_S)


def _read(url: str, status: int, raw: bytes) -> Any:  # noqa: ANN401 - whatever JSON the API answers
    try:
        answer = json.loads(raw)
    except ValueError as fault:
        raise Unavailable(url, f"answered {status} and no JSON; is this the console?") from fault
    if status < 300:
        return answer
    detail = str(answer.get("detail") or answer.get("title") or status) if isinstance(answer, dict) else str(status)
    if status >= 500:
        raise Unavailable(url, detail)
    if status == 401:
        raise Refused(Reason.UNAUTHENTICATED, "the token is missing or no longer valid: set --token or TANDEM_TOKEN")
    if status == 404:
        raise Refused(Reason.NOT_FOUND, detail)
    raise Refused(Reason.INVALID if status in _USAGE else Reason.CONFLICT, detail)


def _told(work: Callable[[], Result]) -> Result:
    try:
        return work()
    except TandemError as fault:
        raise fail(fault) from fault


def _done(answer: Mapping[str, Any], output: Output) -> None:
    """The incident's new state, or where to look for it."""
    if output is Output.JSON:
        show([answer], output)
    elif "status_url" in answer:
        typer.echo(f"accepted, not answered yet: {answer['status_url']}")
    else:
        typer.echo(
            f"#{answer['number']} {answer['priority']} {answer['state']} (version {answer['version']}) {answer['id']}"
        )
