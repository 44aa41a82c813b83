import { get, search } from './tell.mjs';

const any = { anyOrder: true };

export const searching = [
  get('everything that is a collection', search('wire', "[{'name': '*'}]"), any),
  get('files', search('wire', "[{'name': 'run*'}]", 'type=file&long=False'), any),
  get('all types', search('wire', "[{'name': '*s1*'}]", 'type=all&long=False'), any),
  get('long rows', search('wire', "[{'name': 'ds1'}]", 'type=all&long=True')),
  get('a long row of a file', search('wire', "[{'name': 'run1.root'}]", 'type=all&long=True')),
  get(
    'datasets only, told in the filter',
    search('wire', "[{'type': 'DATASET'}]", 'type=all&long=False'),
    any,
  ),
  get('containers', search('wire', '[{}]', 'type=container&long=False'), any),
  get('no filters', '/dids/wire/dids/search?type=container&long=False', any),
  get(
    'plain arguments, as old clients send them',
    '/dids/wire/dids/search?type=dataset&name=bulk%2A',
    any,
  ),
  get('this or that', search('wire', "[{'name': 'ds1'}, {'name': 'bulk1'}]"), any),
  get('a column', search('wire', "[{'run_number': '25291'}]")),
  get('a column, compared', search('wire', "[{'run_number.gte': 25290, 'run_number.lt': 25292}]")),
  get('a column, compared to nothing', search('wire', "[{'run_number.gt': 25291}]")),
  get('not this', search('wire', "[{'name.ne': 'ds1', 'datatype': 'RAW'}]")),
  get('own metadata', search('wire', "[{'Production': 'TeV_low'}]")),
  get('a name with a quote', search('wire', "[{'name': \"it's\"}]")),
  get('a length', search('wire', "[{'length.gte': 1}]", 'type=file&long=False'), any),
  get('created long ago', search('wire', "[{'created_before': '2001-01-01 00:00:00'}]")),
  get('created since', search('wire', "[{'created_after': '2001-01-01T00:00:00', 'name': 'ds1'}]")),
  get(
    'to the bottom',
    search('wire', "[{'name': 'c1'}]", 'type=collection&long=False&recursive=True'),
    any,
  ),
  get('an unknown scope', search('wire.none', "[{'name': '*'}]")),
  get('a type that does not exist', search('wire', "[{'name': '*'}]", 'type=heap&long=False')),
  get('two dots in a key', search('wire', "[{'run_number.gte.lte': 1}]")),
  get('a wildcard under a comparison', search('wire', "[{'name.gte': 'ds*'}]")),
  get('a date that is none', search('wire', "[{'created_at.gte': 'yesterday'}]")),
  get('a filter that is not closed', search('wire', "[{'name': ")),
];
