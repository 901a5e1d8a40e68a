"""`python -m mmm` is `mmm`."""

from mmm.cli import main

main()
