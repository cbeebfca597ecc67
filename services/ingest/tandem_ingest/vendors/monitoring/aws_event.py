"""An EventBridge event that reached us through SNS or an API destination: alarm changes, Health, GuardDuty, any other.

Security Hub writes findings in its own format, and since 2025 (``Findings Imported V2``) in OCSF.
Source: EventBridge event reference; AWS Health, GuardDuty, Security Hub, Inspector and Config user guides.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest import times
from tandem_ingest.vendors import severity, shape
from tandem_ingest.vendors.draft import draft
from tandem_ingest.vendors.headline import headline
from tandem_ingest.vendors.monitoring.speech import level_in_name
from tandem_ingest.vendors.siem import fields, ocsf

ALARM = "cloudwatch alarm state change"
BANDS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (1.0, Severity.LOW))
"""GuardDuty's: critical from 9, high from 7, medium from 4."""


NAMED = (
    "InstanceId", "InstanceName", "Host", "host", "DBInstanceIdentifier", "DBClusterIdentifier", "CacheClusterId",
    "ServiceName", "ClusterName", "FunctionName", "LoadBalancer", "LoadBalancerName", "QueueName", "TopicName",
    "BucketName", "TableName", "VolumeId", "FileSystemId", "VpnId", "NatGatewayId", "DistributionId", "ApiName",
    "AutoScalingGroupName",
)  # fmt: skip
"""Dimensions that name the thing measured; others say of it which part, class or zone."""


OVER = frozenset({"closed", "resolved", "compliant"})
DONE = frozenset({"succeeded", "success"})
JOB = ("jobName", "pipeline", "project-name", "stateMachineArn", "application")
"""What Glue, Batch, CodePipeline, CodeBuild, Step Functions and CodeDeploy run: the next run that succeeds ends the
failure of the one before."""
PARTS = ("stage", "action", "deploymentGroup")
CAUSES = ("statusMessage", "StatusMessage", "Cause", "stoppedReason", "reason", "message")
"""Why it came to the state, as Backup, Auto Scaling, ECS and others call it."""


def host_of(dimensions: Mapping[str, object]) -> str | None:
    """The thing that is measured, else the first dimension."""
    return shape.first(*(dimensions.get(name) for name in NAMED), *dimensions.values())


def read(says: Mapping[str, object]) -> VendorAlert:
    """The alert of one event."""
    detail = shape.mapping(says.get("detail"))
    found = shape.mapping(_first(detail.get("findings")))
    if found:
        return _of_ocsf(says, found) if "class_uid" in found else _finding(says, found)
    return _alarm(says, detail) if shape.word(says.get("detail-type")) == ALARM else _other(says, detail)


def finding_of(message: object) -> Mapping[str, object] | None:
    """The event around a finding that a rule passed on alone (``$.detail``), as its service sends it; else None."""
    says = shape.mapping(message)
    if "ProductArn" in says and "AwsAccountId" in says:
        return {"detail-type": "Security Hub Findings - Imported", "detail": {"findings": [says]}}
    if shape.word(shape.dig(says, "service", "serviceName")) == "guardduty" and "arn" in says:
        return {"detail-type": "GuardDuty Finding", "region": says.get("region"), "detail": says}
    return None


def _alarm(says: Mapping[str, object], detail: Mapping[str, object]) -> VendorAlert:
    state, before = shape.mapping(detail.get("state")), shape.mapping(detail.get("previousState"))
    about = shape.dig(detail, "configuration", "description")
    metric = _metric(detail)
    dimensions = shape.mapping(metric.get("dimensions"))
    resolved = shape.word(state.get("value")) == "ok"
    word = level_in_name(shape.text(detail.get("alarmName")))
    return draft(
        title=headline(shape.either(detail.get("alarmName"), says.get("detail-type")), about),
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING,
        severity=severity.of_word(word),
        severity_word=word,
        host=host_of(dimensions),
        occurred_at=times.parse(shape.either(state.get("timestamp"), says.get("time"))),
        dedup_key=shape.first(_first(says.get("resources")), detail.get("alarmName")),
        customer=says.get("account"),
        description="\n".join(said for each in (about, state.get("reason")) if (said := shape.text(each))) or None,
        labels={
            "state": state.get("value"),
            "old_state": before.get("value"),
            "region": says.get("region"),
            "namespace": metric.get("namespace"),
            "metric": metric.get("name"),
            **dimensions,
        },
    )


def _metric(detail: Mapping[str, object]) -> Mapping[str, object]:
    metrics = shape.dig(detail, "configuration", "metrics")
    found = [shape.dig(each, "metricStat", "metric") for each in metrics] if isinstance(metrics, list) else []
    return shape.mapping(next((each for each in found if isinstance(each, dict)), None))


def _of_ocsf(says: Mapping[str, object], found: Mapping[str, object]) -> VendorAlert:
    """An OCSF finding: the event around it says whose account it is, whatever account is affected."""
    alert = ocsf.read(found, {})[0]
    return structs.replace(alert, customer=alert.customer or shape.text(says.get("account")))


def _finding(says: Mapping[str, object], found: Mapping[str, object]) -> VendorAlert:
    """The finding of a Security Hub event, which imports them one by one."""
    level = shape.dig(found, "Severity", "Label")
    resource = shape.mapping(_first(found.get("Resources")))
    over = {shape.word(shape.dig(found, "Workflow", "Status")), shape.word(found.get("RecordState"))}
    return draft(
        title=shape.first(found.get("Title"), says.get("detail-type")),
        status=AlertStatus.RESOLVED if over & {"resolved", "archived"} else AlertStatus.FIRING,
        severity=severity.of_word(level),
        severity_word=level,
        host=None if fields.is_identity(resource.get("Type")) else fields.of_arn(resource.get("Id")),
        occurred_at=times.parse(found.get("UpdatedAt")) or times.parse(says.get("time")),
        dedup_key=found.get("Id"),
        customer=shape.first(found.get("AwsAccountId"), says.get("account")),
        url=found.get("SourceUrl"),
        description=found.get("Description"),
        labels={
            "detail_type": says.get("detail-type"),
            "region": says.get("region"),
            "resource": resource.get("Id"),
            "product": found.get("ProductName"),
        },
    )


def _other(says: Mapping[str, object], detail: Mapping[str, object]) -> VendorAlert:
    level = _level(detail.get("severity"))
    first_resource = shape.text(_first(says.get("resources")))
    states = [shape.word(detail.get(name)) for name in ("statusCode", "state", "status", "build-status")]
    job = _job(detail)
    over = (
        not OVER.isdisjoint([_compliance(detail), *states])
        or bool(job and not DONE.isdisjoint(states))
        or ("check-name" in detail and "ok" in states)
        or shape.dig(detail, "service", "archived") is True
    )
    return draft(
        title=headline(says.get("detail-type"), " ".join(filter(None, (job, _about(detail))))),
        status=AlertStatus.RESOLVED if over else AlertStatus.FIRING,
        severity=_severity(level),
        severity_word=level,
        host=shape.first(
            detail.get("instance-id"),
            shape.dig(detail, "resource", "instanceDetails", "instanceId"),
            detail.get("EC2InstanceId"),
            detail.get("ec2InstanceId"),
            shape.dig(detail, "s3ObjectDetails", "bucketName"),
            None if job else fields.of_arn(first_resource),
            detail.get("resourceId"),
        ),
        occurred_at=times.parse(detail.get("createdAt")) or times.parse(says.get("time")),
        # GuardDuty and Inspector update a finding under its id, Health an event under its ARN; most have no condition.
        dedup_key=shape.first(
            detail.get("eventArn"),
            detail.get("arn"),
            detail.get("findingArn"),
            _rule_on(detail),
            _check(detail),
            f"{shape.text(says.get('detail-type'))}/{job}" if job else None,
            detail.get("id"),
        ),
        customer=shape.first(says.get("account"), detail.get("accountId")),
        description=shape.first(
            detail.get("description"), _health_text(detail), *(detail.get(name) for name in CAUSES)
        ),
        labels={
            "detail_type": says.get("detail-type"),
            "source": says.get("source"),
            "region": says.get("region"),
            "service": detail.get("service"),
            "state": _state(detail),
            "code": shape.first(detail.get("eventTypeCode"), detail.get("type")),
            "resource": first_resource,
        },
        test=shape.dig(detail, "service", "additionalInfo", "sample") is True,  # GuardDuty's sample findings
    )


def _compliance(detail: Mapping[str, object]) -> str:
    """What a rule of AWS Config found: compliant or non_compliant."""
    return shape.word(shape.dig(detail, "newEvaluationResult", "complianceType"))


def _rule_on(detail: Mapping[str, object]) -> str | None:
    """The condition of AWS Config: a rule and the resource it looked at."""
    rule, resource = shape.text(detail.get("configRuleName")), shape.text(detail.get("resourceId"))
    return f"{rule}/{resource}" if rule and resource else None


def _job(detail: Mapping[str, object]) -> str | None:
    """What runs; of a pipeline the stage and the action, each of which fails and succeeds for itself."""
    name = fields.of_arn(shape.first(*map(detail.get, JOB)))
    parts = (name, *(shape.text(detail.get(part)) for part in PARTS))
    return "/".join(filter(None, parts)) if name else None


def _check(detail: Mapping[str, object]) -> str | None:
    """The condition of Trusted Advisor: a check and the resource it looked at."""
    check = shape.text(detail.get("check-name"))
    return "/".join(filter(None, (check, shape.text(detail.get("resource_id"))))) if check else None


def _level(said: object) -> object:
    """A number or word; Macie has both in an object."""
    return said.get("description") if isinstance(said, dict) else said


def _state(detail: Mapping[str, object]) -> str | None:
    return shape.first(detail.get("state"), detail.get("build-status"), detail.get("status") if _job(detail) else None)


def _about(detail: Mapping[str, object]) -> str | None:
    service, code = shape.text(detail.get("service")), shape.text(detail.get("eventTypeCode"))
    rule, found = shape.text(detail.get("configRuleName")), _compliance(detail).replace("_", "-")
    return shape.first(
        detail.get("title"),
        headline(detail.get("check-name"), detail.get("status")),
        f"{rule} is {found}" if rule and found else rule,
        f"{service} {code}" if service and code else code,
        shape.dig(detail, "scanResultDetails", "scanResultStatus"),
        ": ".join(filter(None, (_state(detail), shape.first(*map(detail.get, CAUSES)))))
        if detail.get("instance-id") is None
        else None,
        " ".join(filter(None, (shape.text(detail.get("instance-id")), shape.text(detail.get("state"))))),
    )


def _severity(level: object) -> Severity:
    if isinstance(level, int | float) and not isinstance(level, bool):
        return next((band for lowest, band in BANDS if level >= lowest), Severity.INFO)
    return severity.of_word(level)


def _health_text(detail: Mapping[str, object]) -> object:
    texts = detail.get("eventDescription")
    return shape.dig(_first(texts), "latestDescription")


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else None
