"""Becomes the official `rucio` and dies like a process that is killed: `interrupted.py WHERE upload …`.

WHERE is `sending`: half-way through the body of the file that it sends to the storage; or `sent`: the
file is at the storage, and the server is not told so. Everything before that is the published client.
"""
import os
import runpy
import signal
import sys

import rucio.client.replicaclient as replicas
import rucio.rse.protocols.webdav as webdav


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def half(body):
    """Reads half of the first block, and is killed where the rest is wanted: the half is on its way."""
    if hasattr(body, 'begun'):
        die()
    body.begun = True
    block = next(body.iterator)
    return block[: len(block) // 2]


def unless_it_begins(told):
    """Registers what is to be uploaded, and is killed where it is said to be uploaded."""

    def add_replicas(client, rse, files, **options):
        if any(file.get('state') == 'A' for file in files):
            die()
        return told(client, rse, files, **options)

    return add_replicas


where, *sys.argv = sys.argv[1:]
if where == 'sending':
    webdav.IterableToFileAdapter.read = lambda body, size=-1: half(body)
else:
    client = replicas.ReplicaClient
    client.update_replicas_states = die
    client.add_replicas = unless_it_begins(client.add_replicas)
sys.argv.insert(0, os.path.join(os.path.dirname(sys.executable), 'rucio'))
runpy.run_path(sys.argv[0], run_name='__main__')
