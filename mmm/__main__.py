"""`python -m mmm` is `mmm`."""

from mmm.cli.shell import main

main()
