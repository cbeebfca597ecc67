"""A member's client id is its own among all processes: by it the watch knows whether the group has lost a member."""

from __future__ import annotations

import subprocess
import sys

ASK = """
from tandem.bus.kafka_consumer import KafkaConsumer
from tandem.bus.kafka_settings import KafkaSettings
for _ in range(2):
    settings = KafkaSettings(bootstrap="127.0.0.1:1")
    print(KafkaConsumer(settings, "postgresql://x", "tandem_router", group="router", topics=["t"]).client_id)
"""


def test_replicas_give_their_members_different_names_that_tell_the_group():
    said = [subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True) for _ in range(2)]

    names = [name for each in said for name in each.stdout.split()]
    assert len(names) == len(set(names)) == 4
    assert all(name.startswith("tandem-router-") for name in names)
