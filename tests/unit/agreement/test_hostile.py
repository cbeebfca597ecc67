"""Whatever a document holds, the answer is clear, quick and small."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.support.hostile import TEXTS
from tests.support.reading_cost import Cost
from tests.support.tree import ROOT

MOST_CPU_S = 1.0
"""Of a quiet machine, on which the piece of work takes ``PACE_S``; a busy one has so much more."""
PACE_S = 0.02
MOST_MIB = 50


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Cost]:
    """One child process reads all of them, one after the other."""
    folder = tmp_path_factory.mktemp("hostile")
    files = [folder / f"{number}.yaml" for number in range(len(TEXTS))]
    for file, (content, _) in zip(files, TEXTS.values(), strict=True):
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    command = [sys.executable, "-m", "tests.support.reading_cost", *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr[-2000:]
    return {case: Cost(**json.loads(line)) for case, line in zip(TEXTS, done.stdout.splitlines(), strict=True)}


@pytest.mark.parametrize("case", TEXTS)
def test_a_document_made_to_hurt_is_answered_clearly_in_a_second_and_fifty_mebibytes(
    case: str, costs: Mapping[str, Cost]
):
    cost = costs[case]

    assert cost.problems
    assert any(TEXTS[case][1] in problem for problem in cost.problems)
    assert all(problem.isprintable() and len(problem) < 1_000 for problem in cost.problems)
    assert cost.cpu_s < MOST_CPU_S * max(1.0, cost.pace_s / PACE_S)
    assert cost.peak_mib < MOST_MIB
