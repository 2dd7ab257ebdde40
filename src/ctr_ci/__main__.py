"""`python -m ctr_ci`: the same door as the command `ctr-ci`."""

from ctr_ci.cli import main

raise SystemExit(main())
