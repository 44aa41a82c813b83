"""The published Python client, as this program's own user: nobody else's configuration or token helps."""
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rucio.client import Client

FOREIGN = ('RUCIO_', 'X509_', 'BEARER_TOKEN', 'XDG_RUNTIME_DIR')


def log_in(url: str, username: str, password: str, home: Path) -> 'Client':
    """A client of the account root. `home` gets its configuration and its token."""
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        del os.environ[name]
    config = home / 'rucio.cfg'
    config.write_text(f'[client]\nrucio_host = {url}\nauth_host = {url}\nrequest_retries = 1\n')
    os.environ.update(RUCIO_CONFIG=str(config), TMPDIR=str(home), HOME=str(home))
    tempfile.tempdir = None
    from rucio.client import Client

    return Client(
        rucio_host=url, auth_host=url, account='root', auth_type='userpass',
        creds={'username': username, 'password': password},
    )
