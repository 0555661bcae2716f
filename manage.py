#!/usr/bin/env python3
"""The operator's door: `uv run manage.py help` lists what it can do."""

import os
import sys

# These neither read nor write the database, so the embedded servers need not run for them.
WITHOUT_SERVERS = {"help", "--help", "-h", "version", "--version"}
WITHOUT_SERVERS |= {"makemessages", "compilemessages", "collectstatic"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config import embedded

    try:
        if len(sys.argv) > 1 and not WITHOUT_SERVERS.intersection(sys.argv[1:]):
            embedded.start()
        execute_from_command_line(sys.argv)
    except embedded.CannotStart as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted.")
    finally:
        embedded.leave()


if __name__ == "__main__":
    main()
