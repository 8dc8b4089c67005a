#!/usr/bin/env python3
"""The command line. `./manage.py --help` lists what it does."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OWN_PYTHON = HERE / ".venv" / "bin" / "python"


def main() -> None:
    """Runs one command, with the project's own Python when there is one."""
    if OWN_PYTHON.exists() and Path(sys.prefix) != OWN_PYTHON.parent.parent:
        os.execv(OWN_PYTHON, [str(OWN_PYTHON), str(HERE / "manage.py"), *sys.argv[1:]])

    import click
    from flask.cli import FlaskGroup

    from config import SettingError
    from webapp import create_app

    def app_or_one_line() -> object:
        try:
            return create_app()
        except SettingError as error:
            click.echo(f"manage.py: {error}", err=True)
            sys.exit(2)

    group = FlaskGroup(
        name="manage.py",
        create_app=app_or_one_line,
        add_default_commands=False,
        add_version_option=False,
        set_debug_flag=False,
        load_dotenv=False,
        help="Almanac's command line.",
    )
    group(prog_name="manage.py")


if __name__ == "__main__":
    main()
