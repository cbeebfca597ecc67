"""``tandem integrations unknown``: alerts that wait because no mapping knows their customer."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tandem.app.reach import database
from tandem.cli.edge import Output, run, show
from tandem.cli.integration_edge import DataDir, Format
from tandem.cli.serve import settings_with
from tandem.db.pool import connect, engine, unavailable
from tandem.policy.integrations import one_integration
from tandem_ingest.tenancy import key_of

MOST = 1000
_CUSTOMERS = (
    "select max(said) as said, count(*) as alerts, min(received_at) as first, max(received_at) as last"
    " from ingest.unknown_tenant where integration = $1 group by customer order by count(*) desc, customer limit $2"
)


_TREAT_AS = "update ingest.unknown_tenant set customer = $3 where integration = $1 and customer = $2"


def unknown(
    name: str,
    treat_as: Annotated[
        str | None, typer.Option(help="A mapped customer: release what names none as this one's")
    ] = None,
    customer: Annotated[
        str, typer.Option(help="With --treat-as: this customer's alerts instead of those naming none")
    ] = "",
    data_dir: DataDir = None,
    output: Format = Output.TABLE,
) -> None:
    """Customers whose alerts wait, most first; a line under `customers` in the provider's document releases them."""
    settings = settings_with(data_dir=data_dir)

    async def work() -> list[dict[str, Any]]:
        async with database(settings) as reached:
            policy = engine(reached.dsn, "tandem_policy", pooled=False)
            ingest = await connect(reached.dsn, "tandem_ingest")
            try:
                await one_integration(policy, name)
                with unavailable():
                    if treat_as is not None:
                        await ingest.execute(_TREAT_AS, name, key_of(customer), key_of(treat_as))
                    return [dict(row) for row in await ingest.fetch(_CUSTOMERS, name, MOST)]
            finally:
                await policy.dispose()
                await ingest.close()

    rows = [{**row, "customer": row["said"] or "(names none)"} for row in run(work)]
    show(rows, output, columns=("customer", "alerts", "first", "last"))
