"""Writes docs/metrics.md from the table in tandem/metrics.py, or with --check says whether it is current."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tandem.metrics import Definition, definitions

TARGET = Path(__file__).resolve().parent.parent / "docs" / "metrics.md"
HEAD = """# Metrics
Made from `tandem/metrics.py` by `python tools/generate_metrics_docs.py`; do not edit.

Every process serves them at `GET /metrics`: Prometheus text, or OpenMetrics with exemplars when the scraper asks for
it. Labels hold values of closed sets and of configuration, never text from outside. `process_*` and `python_info` come
along.

| metric | type | labels | what it says | buckets |
|---|---|---|---|---|
"""


def row(definition: Definition) -> str:
    """One line of the table."""
    labels = ", ".join(f"`{label}`" for label in definition.labels)
    buckets = ", ".join(f"{bucket:g}" for bucket in definition.buckets)
    return f"| `{definition.name}` | {definition.type.__name__.lower()} | {labels} | {definition.help} | {buckets} |\n"


def document() -> str:
    """The whole file."""
    return HEAD + "".join(row(definition) for definition in definitions())


def main() -> int:
    """Entry point; 1 when --check found the file stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, answer 1 when the file is stale")
    if parser.parse_args().check:
        current = TARGET.exists() and TARGET.read_text("utf-8") == document()
        if not current:
            print("docs/metrics.md is stale: run python tools/generate_metrics_docs.py", file=sys.stderr)
        return int(not current)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(document(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
