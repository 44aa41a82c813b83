"""What a workflow's storage plug-in does with the client's Python classes: `workflow.py STEP JSON`.

Runs as the user whose RUCIO_CONFIG it finds, and prints what it learnt as one line of JSON.
"""
import json
import logging
import sys
from datetime import datetime

from rucio.client import Client
from rucio.client.downloadclient import DownloadClient
from rucio.client.uploadclient import UploadClient
from rucio.common.exception import DataIdentifierNotFound, NoFilesDownloaded

quiet = logging.getLogger('workflow')
quiet.setLevel(logging.CRITICAL)
client = Client()
down, up = DownloadClient(client=client, logger=quiet), UploadClient(_client=client, logger=quiet)


def exists(scope, name):
    """False where the name is unknown; every other failure is one."""
    try:
        client.get_did(scope, name)
        return True
    except DataIdentifierNotFound:
        return False


def store(paths, rse, scope, dataset):
    """Uploads as the plug-in does, one file a call; then what it asks about each."""
    for path in paths:
        up.upload([{'path': path, 'rse': rse, 'did_scope': scope, 'register_after_upload': True,
                    'dataset_scope': scope, 'dataset_name': dataset}])
    names = [path.split('/')[-1] for path in paths]
    return {name: exists(scope, name) for name in names}


def look(scope, names, pattern, missing):
    """Size, time and checksum of each, and everything at once in the order of the question."""
    one = {name: client.get_did(scope, name) for name in names}
    times = [client.get_metadata(scope, name)['updated_at'] for name in names]
    bulk = list(client.get_metadata_bulk([{'scope': scope, 'name': name} for name in names]))
    return {
        'account': client.whoami()['account'],
        'bytes': {name: did['bytes'] for name, did in one.items()},
        'md5': {name: did['md5'] for name, did in one.items()},
        'times': [isinstance(time, datetime) for time in times],
        'bulk': [(row['name'], row['bytes'], isinstance(row['updated_at'], datetime)) for row in bulk],
        'scope': scope in client.list_scopes(),
        'files': sorted(client.list_dids(scope, filters=[{'type': 'file'}])),
        'glob': sorted(client.list_dids(scope, filters=[{'name': pattern, 'type': 'file'}])),
        'missing': exists(scope, missing),
    }


def retrieve(scope, names, rse, directory):
    """Downloads as the plug-in does, then by the physical names that a listing gives."""
    items = [{'did': f'{scope}:{name}', 'base_dir': f'{directory}/dids', 'no_subdir': True,
              'ignore_checksum': False, 'rse': rse} for name in names]
    traces = []
    found = down.download_dids(items, traces_copy_out=traces, trace_custom_fields={'taskid': 'workflow'})
    rows = client.list_replicas([{'scope': scope, 'name': name} for name in names], rse_expression=rse)
    pfns = [{'pfn': row['rses'][rse][0], 'did': f'{scope}:{row["name"]}', 'rse': rse, 'adler32': row['adler32'],
             'base_dir': f'{directory}/pfns', 'no_subdir': True} for row in rows]
    named = down.download_pfns(pfns)
    try:
        down.download_dids([{'did': f'{scope}:not-there', 'base_dir': directory}])
        missing = 'downloaded'
    except NoFilesDownloaded as error:
        missing = type(error).__name__
    return {
        'dids': {item['did']: item['clientState'] for item in found},
        'pfns': {item['did']: item['clientState'] for item in named},
        'traces': [(trace['taskid'], trace['remoteSite'], trace['clientState']) for trace in traces],
        'missing': missing,
    }


step, words = sys.argv[1:]
print(json.dumps({'store': store, 'look': look, 'retrieve': retrieve}[step](**json.loads(words))))
