"""Write the next version: `python -m integrations.database.migrations "Releases have notes"`.

It compares tables.py with what all versions together make, and writes the difference into a new file, to be read and
corrected: Alembic compares neither CHECKs nor the conditions of partial indexes, and knows no triggers.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from integrations.database.engine import parse_url
from integrations.database.schema import VERSIONS, alembic_config, exclusively, upgrade_blocking


def write_next(message: str, versions: Path = VERSIONS) -> Path:
    """The new file."""
    config = alembic_config(versions)
    script = ScriptDirectory.from_config(config)
    number = f"{int(script.get_current_head() or 0) + 1:04}"
    with tempfile.TemporaryDirectory() as folder:
        url = parse_url(f"sqlite:///{folder}/all-versions.db")
        upgrade_blocking(url, versions=versions)
        with exclusively(url) as connection:
            config.attributes["connection"] = connection
            command.revision(config, message.rstrip("."), rev_id=number, autogenerate=True)
    return next(versions.glob(f"{number}_*.py"))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(write_next(sys.argv[1]))  # noqa: T201 - a developer's own tool
