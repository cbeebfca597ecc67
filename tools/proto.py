"""Generates tandem/wire/v1 from proto/, or with --check says whether the committed code is current.

Holds the one protoc call; what the records mean is in proto/ and tandem/wire/codec.py.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
GENERATED = "tandem/wire/v1"
PATTERNS = ("*_pb2.py", "*_pb2.pyi")


def sources() -> list[Path]:
    """Every .proto file, in a stable order."""
    return sorted(PROTO.rglob("*.proto"))


def generate(into: Path) -> None:
    """Write the generated modules below ``into``; raises CalledProcessError when protoc refuses."""
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", f"--python_out={into}", f"--pyi_out={into}"]
    subprocess.run([*command, *map(str, sources())], check=True, cwd=ROOT)


def contents(below: Path) -> dict[str, str]:
    """Generated file name -> text."""
    folder = below / GENERATED
    return {path.name: path.read_text("utf-8") for pattern in PATTERNS for path in folder.glob(pattern)}


def stale() -> list[str]:
    """Names of generated files that are missing, superfluous or differ from what protoc makes now."""
    if not sources():
        return []
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        wanted = contents(Path(folder))
    found = contents(ROOT)
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def main() -> int:
    """Entry point; 1 when --check found stale files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, answer 1 when something is stale")
    if parser.parse_args().check:
        names = stale()
        for name in names:
            print(f"{GENERATED}/{name} is not what proto/ says: run `make proto`", file=sys.stderr)
        return int(bool(names))
    generate(ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
