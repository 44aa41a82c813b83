/** A listing in other words, row by row, as it is read. */
export async function* mapRows<From, To>(
  rows: AsyncIterable<From> | Iterable<From>,
  present: (row: From) => To,
): AsyncGenerator<To> {
  for await (const row of rows) yield present(row);
}
