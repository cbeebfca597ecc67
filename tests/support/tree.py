"""The repository as house tests read it: its files, packages and syntax trees. Runs no code of the project."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MADE_HERE = {".git", ".venv", "__pycache__", "node_modules", ".tandem"}


@cache
def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@cache
def files() -> tuple[Path, ...]:
    """Every file that is or could be committed: tracked, or untracked and not ignored."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode != 0:  # an unpacked archive has no .git
        return tuple(path for path in ROOT.rglob("*") if path.is_file() and not MADE_HERE & set(path.parts))
    return tuple(path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file())


def name_of(path: Path) -> str:
    """``path`` as messages and allow-lists write it: relative, with slashes."""
    return path.relative_to(ROOT).as_posix()


def service_packages() -> dict[str, str]:
    """Folder of a service -> its package: ``services/sla-clock`` -> ``tandem_sla_clock``."""
    folders = [path for path in (ROOT / "services").iterdir() if path.is_dir() and path.name != "__pycache__"]
    return {f"services/{path.name}": f"tandem_{path.name.replace('-', '_')}" for path in sorted(folders)}


def sources(*under: str) -> list[Path]:
    """Hand-written Python files below the given folders, by default the production code."""
    prefixes = tuple(f"{folder}/" for folder in under or ("tandem", "services"))
    chosen = [path for path in files() if path.suffix == ".py" and name_of(path).startswith(prefixes)]
    return sorted(path for path in chosen if not path.stem.endswith("_pb2"))


@cache
def tree_of(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def imports_of(tree: ast.Module) -> Iterator[str]:
    """Every absolute name a file imports, wherever it does so: ``a.b`` and, for ``from a import b``, ``a.b`` too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dotted(node: ast.AST) -> str:
    """``a.b.c`` for a chain of names, empty for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            head = dotted(value)
            return f"{head}.{attr}" if head else ""
        case _:
            return ""
