"""A user at a shell with the official command line: a configuration, a home and a TMPDIR of their own."""
import json
import os
import signal
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Result:
    """What one command did. `rucio` may exit 0 on failure: look at the text as well."""

    command: str
    code: int
    out: str
    err: str

    @property
    def text(self):
        return self.out + self.err

    def rows(self):
        """The cells of a printed table, without its frame: one tuple a row, the header first."""
        lines = [line for line in self.out.splitlines() if line.startswith('|')]
        cells = [tuple(cell.strip() for cell in line.strip('|').split('|')) for line in lines]
        return [row for row in cells if not set(''.join(row)) <= {'-', '+'}]


class Shell:
    """`shell('rule', 'list', …)` is `rucio rule list …` by this user; it fails the test if that fails."""

    def __init__(self, home, server, account, username, password):
        self.account = account
        self.home = Path(home)
        self.tmp = self.home / 'tmp'
        self.tmp.mkdir(parents=True)
        config = self.home / 'rucio.cfg'
        config.write_text(
            '[client]\n'
            f'rucio_host = {server["url"]}\n'
            f'auth_host = {server["authUrl"]}\n'
            'auth_type = userpass\n'
            f'username = {username}\n'
            f'password = {password}\n'
            f'account = {account}\n'
            + (f'ca_cert = {server["ca"]}\n' if server.get('ca') else '')
            # The one group of commands that the client does not show by itself.
            + '[cli]\nendpoints_add = lifetime-exception\n'
        )
        # Tokens are cached below TMPDIR: one of its own, or somebody else's token is used.
        # No certificate and no token of the machine's user may help.
        hidden = ('RUCIO_', 'X509_', 'BEARER_TOKEN', 'XDG_RUNTIME_DIR')
        kept = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
        self.environment = {
            **kept,
            'HOME': str(self.home),
            'TMPDIR': str(self.tmp),
            'RUCIO_CONFIG': str(config),
            'COLUMNS': '400',
        }
        self.zygote = None

    def __call__(self, *argv, cwd=None, code=0, program='rucio'):
        """Runs a command; `code=None` accepts any exit code."""
        result = self.run(*argv, cwd=cwd, program=program)
        if code is not None:
            assert result.code == code, f'{result.command} exited {result.code}:\n{result.text}'
        return result

    def fails(self, *argv, cwd=None, program='rucio'):
        """Runs a command that must not succeed, by its exit code."""
        result = self.run(*argv, cwd=cwd, program=program)
        assert result.code != 0, f'{result.command} should have failed:\n{result.text}'
        return result

    def run(self, *argv, cwd=None, program='rucio'):
        if self.zygote is None:
            self.zygote = subprocess.Popen(
                [sys.executable, str(HERE / 'zygote.py')],
                env=self.environment, cwd=self.home, text=True, bufsize=1,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )
        out, err = (self.tmp / f'{uuid.uuid4().hex}.{end}' for end in ('out', 'err'))
        argv = [str(word) for word in argv]
        job = {'argv': [program, *argv], 'cwd': str(cwd or self.home), 'out': str(out), 'err': str(err)}
        self.zygote.stdin.write(json.dumps(job) + '\n')
        code = int(self.zygote.stdout.readline())
        return Result(' '.join(job['argv']), code, _read(out), _read(err))

    def alone(self, *argv, cwd=None):
        """The same as a process of its own, exactly as a user starts it."""
        script = Path(sys.executable).parent / 'rucio'
        done = subprocess.run(
            [script, *(str(word) for word in argv)], env=self.environment, cwd=cwd or self.home,
            text=True, capture_output=True, timeout=120,
        )
        return Result(f'rucio {" ".join(map(str, argv))}', done.returncode, done.stdout, done.stderr)

    def killed(self, where, *argv, cwd=None):
        """The same until it is killed: `sending` a file, or when it has `sent` it (see interrupted.py)."""
        done = subprocess.run(
            [sys.executable, HERE / 'interrupted.py', where, *(str(word) for word in argv)],
            env=self.environment, cwd=cwd or self.home, text=True, capture_output=True, timeout=120,
        )
        assert done.returncode == -signal.SIGKILL, f'it came to its end:\n{done.stdout}{done.stderr}'

    def python(self, script, *argv):
        """A script of this directory that uses the client's Python classes: what it prints as JSON."""
        done = subprocess.run(
            [sys.executable, HERE / script, *(str(word) for word in argv)],
            env=self.environment, cwd=self.home, text=True, capture_output=True, timeout=120,
        )
        assert done.returncode == 0, f'{script} exited {done.returncode}:\n{done.stdout}{done.stderr}'
        return json.loads(done.stdout.splitlines()[-1])

    def close(self):
        if self.zygote is not None:
            self.zygote.stdin.close()
            self.zygote.wait()


def _read(path):
    text = path.read_text()
    path.unlink()
    return text
