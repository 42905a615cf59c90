"""``python -m dsdoctor`` does what the console script does."""

import sys

from dsdoctor.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
