import { DIDFilterSyntaxError } from '../../errors/index.js';
import { Limits } from '../../vocabulary/index.js';

/** What Python's repr of plain values reads as. Integers beyond 2^53 are bigint, tuples are arrays. */
export type PythonLiteral =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly PythonLiteral[]
  | ReadonlyMap<string, PythonLiteral>;

const DEPTH = 16;
const BLANK = /[ \t\r\n]*/y;
const NUMBER = /[+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?(?![\w.])/y;
const WORD = /(?:True|False|None)(?!\w)/y;
const WORDS: Readonly<Record<string, boolean | null>> = { True: true, False: false, None: null };
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^xuU]))/y;
const ESCAPED: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '0': '\0',
};

class Reader {
  private at = 0;
  private depth = 0;

  constructor(private readonly text: string) {}

  whole(): PythonLiteral {
    const value = this.value();
    if (this.at < this.text.length) throw this.wrong('nothing more');
    return value;
  }

  private value(): PythonLiteral {
    if (++this.depth > DEPTH) throw this.wrong(`at most ${DEPTH} levels`);
    this.take(BLANK);
    const value = this.bare();
    this.take(BLANK);
    this.depth--;
    return value;
  }

  private bare(): PythonLiteral {
    const next = this.text[this.at];
    if (next === '[') return this.items('[', ']');
    if (next === '(') return this.tuple();
    if (next === '{') return this.dict();
    if (next === "'" || next === '"') return this.string(next);
    const word = this.take(WORD);
    if (word !== undefined) return WORDS[word] ?? null;
    const digits = this.take(NUMBER);
    if (digits === undefined) throw this.wrong('a value');
    return this.number(digits);
  }

  private number(digits: string): number | bigint {
    const value = Number(digits);
    if (!Number.isFinite(value)) throw this.wrong('a finite number');
    const exact = /[.eE]/.test(digits) || Number.isSafeInteger(value);
    return exact ? value : BigInt(digits.replace('+', ''));
  }

  /** In Python `(x)` is x and `(x,)` is a tuple. */
  private tuple(): PythonLiteral {
    const values = this.items('(', ')');
    const single = values.length === 1 && !/,\s*\)$/.test(this.text.slice(0, this.at));
    return single ? (values[0] ?? null) : values;
  }

  private items(open: string, close: string): PythonLiteral[] {
    const values: PythonLiteral[] = [];
    this.series(open, close, () => values.push(this.value()));
    return values;
  }

  private dict(): ReadonlyMap<string, PythonLiteral> {
    const entries = new Map<string, PythonLiteral>();
    this.series('{', '}', () => {
      const key = this.value();
      if (typeof key !== 'string') throw this.wrong('a string as key');
      this.expect(':');
      entries.set(key, this.value());
    });
    return entries;
  }

  /** Reads `open item, item, close`, with a comma before `close` allowed. */
  private series(open: string, close: string, item: () => void): void {
    this.expect(open);
    this.take(BLANK);
    while (this.text[this.at] !== close) {
      item();
      if (this.text[this.at] !== ',') break;
      this.at++;
      this.take(BLANK);
    }
    this.expect(close);
  }

  private string(quote: string): string {
    let value = '';
    for (this.at++; this.text[this.at] !== quote;) {
      const next = this.text[this.at];
      if (next === undefined || next === '\n') throw this.wrong(`a closing ${quote}`);
      if (next === '\\') value += this.escape();
      else {
        value += next;
        this.at++;
      }
    }
    this.at++;
    return value;
  }

  private escape(): string {
    ESCAPE.lastIndex = this.at;
    const match = ESCAPE.exec(this.text);
    if (!match) throw this.wrong('a known escape');
    this.at = ESCAPE.lastIndex;
    const hex = match[1] ?? match[2] ?? match[3];
    if (hex === undefined) return ESCAPED[match[4] ?? ''] ?? match[0];
    const point = Number.parseInt(hex, 16);
    if (point > 0x10ffff) throw this.wrong('a code point of Unicode');
    return String.fromCodePoint(point);
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  private expect(character: string): void {
    if (this.text[this.at] !== character) throw this.wrong(`'${character}'`);
    this.at++;
  }

  private wrong(wanted: string): DIDFilterSyntaxError {
    const found = this.text.slice(this.at, this.at + 20) || 'the end';
    return new DIDFilterSyntaxError(
      `filters: expected ${wanted} at position ${this.at}, found ${found}`,
      { position: this.at },
    );
  }
}

/**
 * Reads the `repr` of a Python value made of strings, numbers, True, False, None, lists, tuples and
 * dicts with string keys: the form in which clients send DID filters. It reads, it never evaluates.
 * Throws DIDFilterSyntaxError with the position, also beyond 65,536 characters or 16 levels.
 */
export function readPythonLiteral(text: string): PythonLiteral {
  if (text.length > Limits.filtersLength) {
    throw new DIDFilterSyntaxError(`filters: longer than ${Limits.filtersLength} characters`);
  }
  return new Reader(text).whole();
}
