"""What each party promised the other, and how it stands; both look at the same figures."""

from __future__ import annotations

from tools.dashboards.panels import Board, Panel, q

PARTY = 'party=~"$party", priority=~"$priority"'
NEAR = f'{PARTY}, share=~"75|90"'
ENDED = f'{PARTY}, outcome!="cancelled"'


def took(clock: str, quantile: float) -> str:
    """Quantile of the counted time of a clock's ends within a day, by party."""
    ended = f'increase(tandem_sla_elapsed_seconds_bucket{{{PARTY}, clock="{clock}"}}[1d])'
    return f"histogram_quantile({quantile}, sum by (le, party) ({ended}))"


BOTH_PARTIES = Board(
    uid="tandem-co-managed-sla",
    title="Tandem: co-managed SLA",
    says="What each party promised the other, and how it stands. Both parties look at the same figures.",
    choices=(("party", "tandem_sla_outcomes_total"), ("priority", "tandem_sla_outcomes_total")),
    since="now-7d",
    rows=(
        (
            "Kept",
            (
                Panel(
                    "Internal, 30 days",
                    "Share of its clocks that were met; agreed are 95 %.",
                    "percentunit",
                    (q('tandem:sla_compliance:ratio30d{party="internal"}'),),
                    6,
                    stat=True,
                    good_from=0.95,
                ),
                Panel(
                    "MSP, 30 days",
                    "Share of its clocks that were met; agreed are 95 %.",
                    "percentunit",
                    (q('tandem:sla_compliance:ratio30d{party="msp"}'),),
                    6,
                    stat=True,
                    good_from=0.95,
                ),
                Panel(
                    "Clocks running",
                    "Of both parties, now.",
                    "short",
                    (q(f"sum by (party) (tandem_sla_clock_running{{{PARTY}}})", "{{party}}"),),
                    6,
                    stat=True,
                ),
                Panel(
                    "Hours nobody is on call",
                    "Within the coming week.",
                    "s",
                    (q("sum by (party, track) (tandem:oncall_gap_seconds:max)", "{{party}} {{track}}"),),
                    6,
                    stat=True,
                    bad_from=1,
                ),
            ),
        ),
        (
            "Clocks",
            (
                Panel(
                    "Running, by clock",
                    "What each party has to do and has not done.",
                    "short",
                    (q(f"sum by (clock, party) (tandem_sla_clock_running{{{PARTY}}})", "{{party}} {{clock}}"),),
                    12,
                ),
                Panel(
                    "Near the end",
                    "Clocks that passed 75 and 90 % of their time, an hour each.",
                    "short",
                    (
                        q(
                            f"sum by (party, share) (increase(tandem_sla_warnings_total{{{NEAR}}}[1h]))",
                            "{{party}} {{share}} %",
                        ),
                    ),
                    12,
                ),
                Panel(
                    "Outcomes, by party",
                    "Ended within each hour.",
                    "short",
                    (
                        q(
                            f"sum by (party, outcome) (increase(tandem_sla_outcomes_total{{{ENDED}}}[1h]))",
                            "{{party}} {{outcome}}",
                        ),
                    ),
                    12,
                ),
                Panel(
                    "Compliance over 30 days",
                    "Met among met and breached; what was taken back counts for nobody.",
                    "percentunit",
                    (q('tandem:sla_compliance:ratio30d{party=~"$party"}', "{{party}}"),),
                    12,
                ),
            ),
        ),
        (
            "How long it took",
            tuple(
                Panel(
                    title,
                    says,
                    "s",
                    tuple(
                        q(
                            took(clock, p),
                            f"{{{{party}}}} p{p * 100:g}",
                        )
                        for p in (0.5, 0.95)
                    ),
                )
                for title, says, clock in (
                    ("MTTD", "From the event to its detection, of a day.", "detect"),
                    ("MTTA", "From detection to somebody's answer, of a day.", "response"),
                    ("MTTR", "From detection to the end, in counted time, of a day.", "resolution"),
                )
            ),
        ),
        (
            "Whose it was, and who was told",
            (
                Panel(
                    "Alerts by owner",
                    "As the scope matrix decided, an hour each.",
                    "short",
                    (q("sum by (owner) (increase(tandem_alerts_routed_total[1h]))", "{{owner}}"),),
                ),
                Panel(
                    "Alerts nobody named",
                    "The safety row took them; the agreement should.",
                    "short",
                    (q("sum(increase(tandem_unrouted_alerts_total[1h]))", "unrouted"),),
                    bad_from=1,
                ),
                Panel(
                    "Pages",
                    "Delivered and not, an hour each.",
                    "short",
                    (q("sum by (channel, result) (increase(tandem_pages_total[1h])) > 0", "{{channel}} {{result}}"),),
                ),
                Panel(
                    "Open incidents",
                    "By owner and priority.",
                    "short",
                    (
                        q(
                            'sum by (owner, priority) (tandem_incidents_open{priority=~"$priority"})',
                            "{{owner}} {{priority}}",
                        ),
                    ),
                    12,
                ),
                Panel(
                    "Agreement in force",
                    "Its version, by client.",
                    "short",
                    (q("max by (tenant) (tandem_agreement_active_version)", "{{tenant}}"),),
                    12,
                ),
            ),
        ),
    ),
)
