/** What a terminal shows of some text: runs of one style each. */
interface Run {
  readonly text: string;
  readonly style: string;
}

/** Columns of the terminal: longer lines go on in the next one. */
const COLUMNS = 112;
const [WIDTH, HEIGHT] = [8, 18];
const [MARGIN, BAR] = [16, 34];

/** The styles that our commands use, by their number in the escape sequence that begins them. */
const STYLES: Readonly<Record<string, string>> = {
  '1': 'strong',
  '2': 'faint',
  '31': 'bad',
  '32': 'good',
  '33': 'warn',
};
const ENDS: Readonly<Record<string, readonly string[]>> = {
  '0': Object.values(STYLES),
  '22': ['strong', 'faint'],
  '39': ['bad', 'good', 'warn'],
};

/** A picture (SVG) of a terminal after a command: its lines with their styles, in a fixed grid. Pure. */
export function terminalPicture(command: string, output: readonly string[]): string {
  const lines = [[{ text: `$ ${command}`, style: 'prompt' }], ...runsOf(output.join('\n'))];
  const rows = lines.flatMap(wrapped);
  const [width, height] = [
    2 * MARGIN + COLUMNS * WIDTH,
    BAR + 2 * MARGIN + (rows.length - 1) * HEIGHT,
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<title>${escaped(command)}</title>`,
    `<style>text { font: 13px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #d5dae3; white-space: pre }`,
    '.strong { font-weight: bold; fill: #ffffff } .faint { fill: #8b94a5 } .prompt { fill: #7fb4ff }',
    '.good { fill: #7fd68a } .bad { fill: #ff8a80 } .warn { fill: #f2c94c }</style>',
    `<rect width="${width}" height="${height}" rx="8" fill="#1b2130"/>`,
    ...['#ff5f57', '#febc2e', '#28c840'].map(
      (fill, at) => `<circle cx="${MARGIN + 4 + at * 18}" cy="17" r="5" fill="${fill}"/>`,
    ),
    ...rows.flatMap((row, at) => textOf(row, BAR + MARGIN + at * HEIGHT)),
    '</svg>',
    '',
  ].join('\n');
}

/** Lines of runs; a style holds until its end, also over lines. */
function runsOf(text: string): Run[][] {
  const open = new Set<string>();
  return text.split('\n').map((line) => {
    const runs: Run[] = [];
    for (const part of line.split(/(\u001b\[\d+m)/)) {
      const [, code] = /^\u001b\[(\d+)m$/.exec(part) ?? [];
      if (code === undefined) runs.push({ text: part, style: [...open].join(' ') });
      else if (STYLES[code]) open.add(STYLES[code]);
      else for (const style of ENDS[code] ?? []) open.delete(style);
    }
    return runs.filter(({ text: shown }) => shown !== '');
  });
}

/** As a terminal breaks a line: at its right edge. */
function wrapped(line: readonly Run[]): Run[][] {
  const rows: Run[][] = [[]];
  let room = COLUMNS;
  for (const { text, style } of line) {
    let rest = [...text];
    while (rest.length > 0) {
      if (room === 0) {
        rows.push([]);
        room = COLUMNS;
      }
      const fits = rest.slice(0, room);
      rows.at(-1)?.push({ text: fits.join(''), style });
      rest = rest.slice(fits.length);
      room -= fits.length;
    }
  }
  return rows;
}

/** Each run in its columns, whatever font the reader has. */
function textOf(row: readonly Run[], y: number): string[] {
  let column = 0;
  return row.flatMap(({ text, style }) => {
    const x = MARGIN + column * WIDTH;
    const length = [...text].length;
    column += length;
    if (text.trim() === '') return [];
    const mark = style === '' ? '' : ` class="${style}"`;
    return `<text x="${x}" y="${y}"${mark} textLength="${length * WIDTH}" xml:space="preserve">${escaped(text)}</text>`;
  });
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
