"""Makes deploy/grafana/dashboards from tools/dashboards; ``--check`` answers 1 when a file is stale."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.dashboards.build import text_of
from tools.dashboards.co_managed_sla import BOTH_PARTIES
from tools.dashboards.data_path import DATA_PATH
from tools.dashboards.panels import Board

FOLDER = Path(__file__).resolve().parents[1] / "deploy" / "grafana" / "dashboards"
BOARDS = (DATA_PATH, BOTH_PARTIES)


def file_of(board: Board) -> Path:
    """Where a dashboard is kept."""
    return FOLDER / f"{board.uid.removeprefix('tandem-')}.json"


def is_stale(board: Board) -> bool:
    """Whether the file is not what the values say."""
    file = file_of(board)
    return not file.exists() or file.read_text("utf-8") != text_of(board)


def main() -> int:
    """Entry point; 1 when --check found a stale file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, answer 1 when a file is stale")
    if parser.parse_args().check:
        stale = [file_of(board) for board in BOARDS if is_stale(board)]
        for file in stale:
            print(f"{file.name} is stale: run python tools/generate_dashboards.py", file=sys.stderr)
        return int(bool(stale))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for board in BOARDS:
        file_of(board).write_text(text_of(board), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
