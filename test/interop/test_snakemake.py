"""Snakemake and its storage plug-in for Rucio, from PyPI and unmodified: files of a workflow are DIDs."""
import subprocess
import sys
from pathlib import Path

import pytest

from looking import eventually
from shell import HERE

RAW, RESULT, DATASET = 'snake.raw.txt', 'snake.count.txt', 'snake.results'


@pytest.fixture(scope='module')
def raw(scientist, desk, disks):
    """What the workflow begins with: a DID with bytes at the scientist's disk."""
    path = scientist.home / RAW
    path.write_bytes(b'a day in the deep sea\n' * 1000)
    scientist('upload', '--rse', disks[0], '--scope', desk, path)
    return path


@pytest.fixture(scope='module')
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp('snakemake')


@pytest.fixture(scope='module')
def snakemake(scientist, server, desk, disks, raw, directory):
    """Runs the workflow up to a target: what Snakemake said.

    Without `cache_scope` this plug-in ends with an error where a result is not there yet, at any Rucio.
    """

    def run(*targets, cache_scope=True):
        settings = {'scope': desk, 'rse': disks[0], 'dataset': DATASET, 'raw': RAW, 'result': RESULT,
                    'cache_scope': int(cache_scope)}
        done = subprocess.run(
            [Path(sys.executable).parent / 'snakemake', *targets, '--cores', '1', '--snakefile', HERE / 'flow.smk',
             '--directory', directory, '--config', *(f'{key}={value}' for key, value in settings.items())],
            env={**scientist.environment, 'SSL_CERT_FILE': server['ca']},
            cwd=directory, text=True, capture_output=True, timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture(scope='module')
def stored(snakemake):
    return snakemake()


def test_a_workflow_reads_a_did_and_stores_one_into_a_dataset(stored, client, raw, desk, disks):
    assert '2 of 2 steps (100%) done' in stored
    assert [did['name'] for did in client.list_content(desk, DATASET)] == [RESULT]
    assert client.get_did(desk, RESULT)['bytes'] == len(f'{raw.stat().st_size}\n')
    [copy] = client.list_replicas([{'scope': desk, 'name': RESULT}])
    assert copy['states'] == {disks[0]: 'AVAILABLE'}
    rules = lambda: [rule['state'] for rule in client.list_did_rules(desk, DATASET)]
    eventually(lambda: rules() == ['OK'])


@pytest.mark.parametrize('cache_scope', [True, False])
def test_run_again_it_has_nothing_to_do(stored, snakemake, cache_scope):
    assert 'Nothing to be done' in snakemake(cache_scope=cache_scope)


def test_a_file_is_read_where_it_is(stored, snakemake, raw, directory):
    snakemake('streamed')
    assert (directory / 'streamed').read_bytes() == raw.read_bytes()
