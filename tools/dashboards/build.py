"""Makes a dashboard of its values, by the builders of the Grafana Foundation SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
)

from tools.dashboards.panels import Board, Panel

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")


def text_of(board: Board) -> str:
    """The file of a dashboard."""
    model = json.loads(json.dumps(_dashboard(board).build(), cls=JSONEncoder))
    for number, panel in enumerate(model["panels"], start=1):
        panel["id"] = number  # stable, so that links to a panel and its alerts survive
    return json.dumps(model, indent=2, sort_keys=True) + "\n"


def _dashboard(board: Board) -> dashboard.Dashboard:
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.says)
        .tags(["tandem"])
        .readonly()
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .refresh("30s")
        .time(board.since, "now")
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .link(
            dashboard.DashboardLink("Tandem")
            .type(DashboardLinkType.DASHBOARDS)
            .tags(["tandem"])
            .keep_time(keep_time=True)
        )
    )
    for name, metric in board.choices:
        made.with_variable(_choice(name, metric))
    made.annotation(
        dashboard.AnnotationQuery()
        .name("A new version of an agreement")
        .datasource(SOURCE)
        .enable(enable=True)
        .icon_color("purple")
        .expr("changes(tandem_agreement_active_version[1m]) > 0")
    )
    for title, panels in board.rows:
        made.with_row(dashboard.Row(title))
        for panel in panels:
            made.with_panel(_panel(panel))
    return made


def _choice(name: str, metric: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(name.capitalize())
        .datasource(SOURCE)
        .query(f"label_values({metric}, {name})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".*")
    )


def _panel(panel: Panel) -> stat.Panel | timeseries.Panel:
    made = _stat() if panel.stat else _lines()
    made.title(panel.title).description(panel.says).unit(panel.unit).datasource(SOURCE).span(panel.width)
    made.height(4 if panel.stat else 8).thresholds(_thresholds(panel))
    for query in _targets(panel):
        made.with_target(query)
    return made


def _stat() -> stat.Panel:
    return stat.Panel().graph_mode(BigValueGraphMode.AREA).color_mode(BigValueColorMode.VALUE)


def _lines() -> timeseries.Panel:
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    return (
        timeseries.Panel()
        .legend(legend.show_legend(show_legend=True))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .show_points(VisibilityMode.NEVER)
        .fill_opacity(8)
        .min(0)
    )


def _thresholds(panel: Panel) -> dashboard.ThresholdsConfig:
    steps = [Threshold(value=None, color="green" if panel.good_from is None else "red")]
    if panel.bad_from is not None:
        steps.append(Threshold(value=panel.bad_from, color="red"))
    if panel.good_from is not None:
        steps.append(Threshold(value=panel.good_from, color="green"))
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _targets(panel: Panel) -> Iterator[prometheus.Dataquery]:
    for letter, query in zip("ABCDEFGH", panel.queries, strict=False):
        target = prometheus.Dataquery().ref_id(letter).expr(query.expr).datasource(SOURCE)
        target = target.instant() if panel.stat else target.range().exemplar(query.exemplars)
        yield target.legend_format(query.legend) if query.legend else target
