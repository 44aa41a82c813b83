"""DIRAC's RucioFileCatalogClient, unmodified: does what it is asked line by line, as JSON.

stdin, a list a line:   [method, argument, …]
stdout, an object each: what the method gave, dates as text
It runs in an environment of its own (run/dirac.ts), configured for Rucio alone: no DIRAC setup.
"""
import json
import os
import sys

# DIRAC logs to stdout: answers have a way of their own.
answers = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)

from DIRAC.Resources.Catalog.RucioFileCatalogClient import RucioFileCatalogClient  # noqa: E402

# What a site writes into DIRAC's configuration of the catalogue.
catalogue = RucioFileCatalogClient(DiracScopeAlg='dirac')

for line in sys.stdin:
    method, *arguments = json.loads(line)
    print(json.dumps(getattr(catalogue, method)(*arguments), default=str), file=answers, flush=True)
