import { StreamableFile } from '@nestjs/common';
import { ndjson } from './ndjson.js';

export const CSV = 'text/csv';

/** What spreadsheets take for a formula: they would compute what somebody wrote into a name. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * One record of CSV (RFC 4180) without its end. A field that a spreadsheet would compute gets an
 * apostrophe before it; a number stays what it is.
 */
export function csvRecord(fields: readonly (string | null)[]): string {
  return fields.map((field) => (field === null ? '' : quoted(harmless(field)))).join(',');
}

const harmless = (field: string): string =>
  FORMULA.test(field) && !/^-?\d+(\.\d+)?$/.test(field) ? `'${field}` : field;

const quoted = (field: string): string =>
  /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;

/** What a controller returns to stream CSV, the header first; with back-pressure, as `streamRows`. */
export async function streamCsv(
  header: readonly string[],
  records: AsyncIterable<readonly (string | null)[]>,
): Promise<StreamableFile> {
  async function* lines(): AsyncGenerator<string> {
    yield `${csvRecord(header)}\r`;
    for await (const record of records) yield `${csvRecord(record)}\r`;
  }
  return new StreamableFile(await ndjson(lines()), { type: CSV });
}
