"""``python -m bouton``: the command line program."""

import sys

from ._bouton import main

if __name__ == "__main__":
    sys.exit(main(["bouton", *sys.argv[1:]]))
