#!/usr/bin/env python3
"""The command line. `./manage.py --help` lists what it does."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask.cli import FlaskGroup

HERE = Path(__file__).resolve().parent
OWN_PYTHON = HERE / ".venv" / "bin" / "python"


def main() -> None:
    """Runs one command, with the project's own Python when there is one."""
    if OWN_PYTHON.exists() and Path(sys.prefix) != OWN_PYTHON.parent.parent:
        os.execv(OWN_PYTHON, [str(OWN_PYTHON), str(HERE / "manage.py"), *sys.argv[1:]])

    from flask.cli import FlaskGroup

    from config import SettingError
    from webapp import create_app
    from webapp.ops import migrations

    def app_or_one_line() -> object:
        try:
            app = create_app(log_to=sys.stderr)  # what a command prints is for whoever asked
        except SettingError as error:
            _complain(str(error))
            sys.exit(2)
        migrations.offer(app)
        return app

    group = FlaskGroup(
        name="manage.py",
        create_app=app_or_one_line,
        add_default_commands=False,
        add_version_option=False,
        set_debug_flag=False,
        load_dotenv=False,
        help="Almanac's command line.",
    )
    sys.exit(_run(group))


def _run(group: FlaskGroup) -> int:
    """Runs the command that was asked for. What goes wrong is one line: 2 for a wrong use, 1 for a failure."""
    import click
    from sqlalchemy.exc import DBAPIError

    try:
        code = group.main(prog_name="manage.py", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        _complain(error.format_message())
        return error.exit_code
    except DBAPIError as error:
        _complain(f"The database refused: {error.orig}")
        return 1
    except (click.Abort, KeyboardInterrupt):
        return 130
    return code if isinstance(code, int) else 0


def _complain(message: str) -> None:
    sys.stderr.write(f"manage.py: {' '.join(message.split())}\n")


if __name__ == "__main__":
    main()
