"""Who gets a page for what, when: the agreement of Northwind and Brightwater at work.

On Friday 2026-11-20 Chloe has Northwind's operations, Maya Brightwater's, Lena the SOC; 14:00Z is 09:00 in Newark.
"""

from __future__ import annotations

from tandem.model.alert import Kind, Severity
from tests.support.system import System

DISK = "Volume C: on nw-file-02 has 2 % free"
DATA_DISK = "Volume D: on nw-file-02 has 9 % free"
GROUP = "Domain Admins group changed outside change window"


async def test_a_full_system_disk_of_a_server_pages_internal_it_in_business_hours(system: System):
    await system.receive(DISK, host="nw-file-02")

    incident = await system.incident()
    assert (incident["priority"], incident["owner"], incident["responsible_party"]) == ("P2", "internal", "internal")
    assert system.paged == ["chloe-nguyen"]


async def test_the_same_disk_at_three_in_the_morning_pages_the_msps_operations(system: System):
    await system.fast_forward(hours=18)  # Saturday 03:00 in Newark

    await system.receive(DISK, host="nw-file-02")

    incident = await system.incident()
    assert (incident["owner"], incident["responsible_party"], incident["track"]) == ("internal", "msp", "ops")
    assert system.paged == ["maya-okafor"]


async def test_a_p3_at_three_in_the_morning_pages_nobody_and_waits_for_opening(system: System):
    await system.fast_forward(hours=18)

    await system.receive(DATA_DISK, host="nw-file-02")

    incident = await system.incident()
    assert incident["priority"] == "P3"
    assert system.paged == []
    assert system.told == []
    await system.fast_forward(hours=54)  # Monday 09:00
    assert system.paged == []
    assert [(at.isoformat(), page.party.value, page.person) for at, page in system.phones.got] == [
        ("2026-11-23T14:00:00+00:00", "internal", "team")
    ]


async def test_siem_high_goes_to_the_soc_and_to_the_internal_security_contact(system: System):
    await system.receive(GROUP, kind=Kind.SIEM, severity=Severity.HIGH, host="nw-dc1")

    incident = await system.incident()
    assert incident["track"] == "soc"
    assert sorted(system.paged) == ["david-osei", "lena-fischer"]


async def test_siem_high_at_night_is_told_to_the_security_contact_unless_the_row_wakes_him(system: System):
    await system.fast_forward(hours=18)

    await system.receive("Suspicious process tree", kind=Kind.SIEM, severity=Severity.HIGH, host="nw-erp-01")

    assert system.paged == ["lena-fischer"]
    await system.receive(GROUP, kind=Kind.SIEM, severity=Severity.HIGH, host="nw-dc1")  # this row says night: page
    assert sorted(system.paged[1:]) == ["david-osei", "lena-fischer"]


async def test_security_never_reaches_the_operations_track(system: System):
    await system.receive(GROUP, kind=Kind.SIEM, severity=Severity.CRITICAL, host="nw-dc1")
    await system.fast_forward(hours=2)

    operations = {"maya-okafor", "tom-lindqvist", "priya-nair", "grace-whitfield"}
    assert not operations & set(system.paged)


async def test_more_than_a_fifth_of_the_users_is_a_p1_for_both_parties_with_joint_call_clocks(system: System):
    await system.receive("Core switch nw-core-sw1 does not answer", host="nw-core-sw1", severity=Severity.LOW)

    incident = await system.incident()
    assert (incident["priority"], incident["affected_users"], incident["p1_workflow"]) == ("P1", 140, True)
    assert {"chloe-nguyen", "maya-okafor"} <= set(system.paged)
    clocks = await system.clocks()
    assert {("joint_call", "internal"), ("joint_call", "msp")} <= set(clocks)


async def test_exactly_a_fifth_of_the_users_is_not_a_p1(system: System):
    await system.receive("Switch tr-sw1 does not answer", host="tr-sw1", severity=Severity.MEDIUM)

    incident = await system.incident()
    assert incident["affected_users"] == 36
    assert incident["priority"] != "P1"


async def test_a_failed_verification_of_a_regulated_set_pages_the_owner_and_tells_the_other(system: System):
    await system.receive(
        "Restore verification of srv-hr-01 failed", kind=Kind.BACKUP, host="srv-hr-01", severity=Severity.HIGH
    )

    incident = await system.incident()
    assert incident["priority"] == "P2"
    assert system.paged == ["maya-okafor"]
    assert len(system.told) == 1


async def test_an_ordinary_backup_failure_tells_both_parties_and_wakes_nobody(system: System):
    await system.receive("Backup job nightly failed", kind=Kind.BACKUP, host="nw-veeam", severity=Severity.MEDIUM)

    assert system.paged == []
    assert len(system.told) == 2


async def test_an_alert_nobody_mapped_still_reaches_both_parties(system: System):
    await system.receive("Coffee machine telemetry lost", severity=Severity.HIGH)

    incident = await system.incident()
    assert incident["unmapped"]
    assert incident["owner"] == "shared"
    assert {page.party.value for _, page in system.phones.got} == {"internal", "msp"}


async def test_a_fully_managed_client_has_one_party(system: System):
    await system.receive("Firewall cd-fw-main does not answer", tenant="cedarline", host="cd-fw-main")

    incident = await system.incident()
    assert (incident["priority"], incident["responsible_party"]) == ("P1", "msp")
    assert {page.party.value for _, page in system.phones.got} == {"msp"}
    assert ("joint_call", "internal") not in await system.clocks()


async def test_a_test_message_is_recorded_and_pages_nobody(system: System):
    await system.receive(DISK, host="nw-file-02", test=True)

    assert len(await system.incidents()) == 1
    assert system.phones.got == []


async def test_a_tenant_without_an_agreement_loses_nothing(system: System):
    await system.receive("Disk full", tenant="nobody")

    assert await system.incidents() == []
    assert len(await system.quarantined()) == 1


async def test_the_security_contact_who_was_not_woken_is_told_at_opening(system: System):
    await system.fast_forward(hours=18)  # Saturday 03:00
    await system.receive("Suspicious process tree", kind=Kind.SIEM, severity=Severity.HIGH, host="nw-erp-01")

    await system.fast_forward(hours=54)  # Monday 09:00

    told = [(at.isoformat(), page.person) for at, page in system.phones.got if page.told]
    assert ("2026-11-23T14:00:00+00:00", "david-osei") in told
