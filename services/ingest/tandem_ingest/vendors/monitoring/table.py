"""The dialects of this family: what we call them, how they prove themselves, what they do on overload."""

from __future__ import annotations

from tandem.model.alert import Kind
from tandem.model.integration import AuthKind
from tandem_ingest.decode import or_text
from tandem_ingest.vendors.mapped import unmapped
from tandem_ingest.vendors.monitoring import (
    alertmanager,
    azure_monitor,
    cloudevents,
    cloudwatch,
    datadog,
    dynatrace,
    elastalert2,
    gcp,
    generic,
    grafana,
    graylog,
    lenient,
    librenms,
    nagios,
    newrelic,
    opsgenie,
    pagerduty,
    pingdom,
    plaintext,
    prtg,
    sentry,
    statuscake,
    uptimekuma,
    zabbix,
)
from tandem_ingest.vendors.shipped import by_mapping
from tandem_ingest.vendors.template import decode_template
from tandem_ingest.vendors.vendor import Vendor

VENDORS = (
    Vendor(
        slug="alertmanager", name="Prometheus Alertmanager", kind=Kind.MONITORING, read=alertmanager.read,
        auth=AuthKind.BEARER, clears="each alert's own status resolved", addresses=("/am/{name}/api/v2/alerts",),
        retries=True,
    ),
    Vendor(
        slug="grafana", name="Grafana", kind=Kind.MONITORING, read=grafana.read, auth=AuthKind.BEARER,
        clears="each alert's own status resolved, or state ok of the same rule",
    ),
    Vendor(
        slug="zabbix", name="Zabbix", kind=Kind.MONITORING, read=zabbix.read, decode=decode_template,
        auth=AuthKind.BEARER, clears="{EVENT.VALUE} 0 of the same {EVENT.ID}",
    ),
    Vendor(
        slug="uptime-kuma", name="Uptime Kuma", kind=Kind.MONITORING, read=uptimekuma.read, auth=AuthKind.BEARER,
        clears="heartbeat status 1 (up) of the same monitor",
    ),
    Vendor(
        slug="datadog", name="Datadog", kind=Kind.MONITORING, read=datadog.read, decode=decode_template,
        auth=AuthKind.HEADER, clears="transition Recovered of the same cycle",
        delivery="event id", delivery_id=datadog.delivery_id, retries=True,
    ),
    Vendor(
        slug="prtg", name="PRTG", kind=Kind.MONITORING, read=prtg.read, decode=decode_template, auth=AuthKind.PATH,
        clears="status Up of the same sensor id",
    ),
    Vendor(
        slug="librenms", name="LibreNMS", kind=Kind.MONITORING, read=librenms.read, decode=decode_template,
        auth=AuthKind.BEARER, clears="state 0 of the same rule and device",
    ),
    Vendor(
        slug="checkmk", name="Checkmk", kind=Kind.MONITORING, read=nagios.read, decode=decode_template,
        auth=AuthKind.BEARER, clears="state OK or UP of the same host and service",
    ),
    Vendor(
        slug="nagios", name="Nagios", kind=Kind.MONITORING, read=nagios.read, decode=decode_template,
        auth=AuthKind.BEARER, clears="state OK or UP of the same host and service",
    ),
    Vendor(
        slug="generic", name="Generic JSON", kind=Kind.MONITORING, read=generic.read, auth=AuthKind.BEARER,
        clears="status resolved of the same dedup_key", silent="acknowledgements",
        delivery="webhook-id or Idempotency-Key, else identical bytes",
        delivery_id=generic.delivery_id,
    ),
    Vendor(
        slug="azure-monitor", name="Azure Monitor", kind=Kind.MONITORING, read=azure_monitor.read, auth=AuthKind.PATH,
        clears="monitorCondition Resolved of the same alertId; for health alerts their stage",
        silent="the validation of an Event Grid subscription",
    ),
    Vendor(
        slug="cloudwatch", name="AWS CloudWatch by SNS", kind=Kind.MONITORING, read=cloudwatch.read,
        decode=lenient.json_or_text, auth=AuthKind.PATH, clears="NewStateValue OK of the same AlarmArn",
        silent="confirmations of a subscription", delivery="SNS MessageId", delivery_id=cloudwatch.delivery_id,
        retries=True,
    ),
    Vendor(
        slug="gcp", name="Google Cloud Monitoring", kind=Kind.MONITORING, read=gcp.read, auth=AuthKind.PATH,
        clears="state closed of the same incident_id", delivery="Pub/Sub message id, else identical bytes",
        delivery_id=gcp.delivery_id,
    ),
    Vendor(
        slug="graylog", name="Graylog", kind=Kind.MONITORING, read=graylog.read, auth=AuthKind.HEADER,
        clears="", delivery="event id", delivery_id=graylog.delivery_id,
    ),
    Vendor(
        slug="sentry", name="Sentry", kind=Kind.MONITORING, read=sentry.read, auth=AuthKind.HMAC,
        clears="action resolved of the same issue or metric alert",
        silent="installations, comments, assigned and archived issues",
        delivery="header Request-ID, else identical bytes", delivery_id=sentry.delivery_id,
    ),
    Vendor(
        slug="elastalert2", name="ElastAlert 2", kind=Kind.MONITORING, read=elastalert2.read, auth=AuthKind.BEARER,
        clears="",
    ),
    Vendor(
        slug="cloudevents", name="CloudEvents 1.0", kind=Kind.MONITORING, read=cloudevents.read,
        decode=cloudevents.decode, auth=AuthKind.BEARER,
        clears="status in the data, or a type that ends in cleared, resolved and the like, of the same subject",
        silent="the validation of an Event Grid subscription", delivery="source and id",
        delivery_id=cloudevents.delivery_id, overload=429, retries=True,
    ),
    Vendor(
        slug="pingdom", name="Pingdom", kind=Kind.MONITORING, read=pingdom.read, auth=AuthKind.PATH,
        clears="current_state UP of the same check",
    ),
    Vendor(
        slug="statuscake", name="StatusCake", kind=Kind.MONITORING, read=statuscake.read, decode=statuscake.decode,
        auth=AuthKind.PATH, clears="Status Up of the same test",
    ),
    Vendor(
        slug="newrelic", name="New Relic", kind=Kind.MONITORING, read=newrelic.read, auth=AuthKind.BEARER,
        clears="state CLOSED of the same issue",
    ),
    Vendor(
        slug="dynatrace", name="Dynatrace", kind=Kind.MONITORING, read=dynatrace.read, auth=AuthKind.BEARER,
        clears="State RESOLVED of the same problem",
    ),
    Vendor(
        slug="text", name="Plain text and forms", kind=Kind.MONITORING, read=plaintext.read, decode=plaintext.decode,
        auth=AuthKind.BEARER, clears="RESOLVED, OK or RECOVERY before the same title",
        delivery="webhook-id or Idempotency-Key, else identical bytes", delivery_id=generic.delivery_id,
    ),
    Vendor(
        slug="opsgenie", name="Opsgenie Alert API", kind=Kind.MONITORING, read=opsgenie.read,
        auth=AuthKind.BEARER, clears="close of the same alias", overload=429, retries=True,
        addresses=("/v2/alerts",),
        silent="acts other than create and close",
    ),
    Vendor(
        slug="pagerduty", name="PagerDuty Events API", kind=Kind.MONITORING, read=pagerduty.read,
        auth=AuthKind.BEARER, clears="event_action resolve of the same dedup_key", overload=429, retries=True,
        addresses=("/v2/enqueue",), silent="acknowledge, and resolve of a condition nobody opened",
    ),
    Vendor(
        slug="custom", name="Any tool, by a mapping", kind=Kind.MONITORING, read=unmapped, decode=or_text,
        auth=AuthKind.BEARER, clears="", delivery="the mapping's delivery_id, else identical bytes",
    ),
    Vendor(
        slug="icinga", name="Icinga and Nagios", kind=Kind.MONITORING, auth=AuthKind.BEARER,
        clears="state OK or UP", **by_mapping("icinga"),
    ),
)  # fmt: skip
