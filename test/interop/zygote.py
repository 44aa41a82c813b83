"""Runs the official `rucio` and `rucio-admin` again and again, each time in a fresh child of a warm interpreter.

Importing the client takes longer than most commands. This process imports it once; for each command
read from stdin it forks, and the child runs the published script unmodified, as `__main__`.

stdin, one JSON object a line:  {"argv": ["rucio", ...], "cwd": "/dir", "out": "/file", "err": "/file"}
stdout, one line each:          the exit code
The environment (RUCIO_CONFIG, TMPDIR, HOME) is the one that this process was started with.
"""
import json
import os
import runpy
import sys
import traceback

import rucio.cli.bin_legacy.rucio
import rucio.cli.bin_legacy.rucio_admin
import rucio.cli.command
import rucio.client
import rucio.client.downloadclient
import rucio.client.uploadclient  # noqa: F401

SCRIPTS = os.path.dirname(sys.executable)


def run(job):
    """In the child: becomes the script of ARGV, with its own files as output. Never returns."""
    code = 1
    for name, number in (('out', 1), ('err', 2)):
        os.dup2(os.open(job[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    try:
        os.chdir(job['cwd'])
        sys.argv = job['argv']
        runpy.run_path(os.path.join(SCRIPTS, sys.argv[0]), run_name='__main__')
        code = 0
    except SystemExit as end:
        if end.code is None:
            code = 0
        elif isinstance(end.code, int):
            code = end.code
        else:
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code & 0xFF)


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(json.loads(line))
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
