import { type Frame, total } from './frame.js';

const WIDTH = 1200;
const ROW = 17;
const LETTER = 6.4;
const HEAD = 28;

/** Frames that take less of the whole are left out. */
const LEAST = 0.003;

/**
 * A flame graph as one SVG, the root on top, a frame's width what was spent in it and below, children
 * widest first. Pointing at a frame shows its name, milliseconds and share.
 */
export function flameGraph(title: string, root: Frame): string {
  const whole = total(root);
  const boxes: string[] = [];
  let deepest = 0;
  const draw = (frame: Frame, spent: number, from: number, depth: number): void => {
    deepest = Math.max(deepest, depth);
    boxes.push(box(frame, { spent, share: spent / whole, from: from / whole, depth }));
    const children = [...frame.below.values()].map((child) => ({ child, spent: total(child) }));
    let at = from;
    for (const { child, spent: part } of children.toSorted((a, b) => b.spent - a.spent)) {
      if (part / whole >= LEAST) draw(child, part, at, depth + 1);
      at += part;
    }
  };
  draw(root, whole, 0, 0);
  const height = HEAD + (deepest + 1) * ROW + 4;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="11">
<style>rect{stroke:#fff;stroke-width:.5}g:hover rect{stroke:#000}</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="4" y="18" font-size="14">${escaped(title)}</text>
${boxes.join('\n')}
</svg>
`;
}

interface Place {
  readonly spent: number;
  readonly share: number;
  readonly from: number;
  readonly depth: number;
}

function box({ name, times }: Frame, { spent, share, from, depth }: Place): string {
  const [x, width] = [from * WIDTH, share * WIDTH];
  const y = HEAD + depth * ROW;
  const letters = Math.floor((width - 4) / LETTER);
  const label = letters < 3 ? '' : name.length <= letters ? name : `${name.slice(0, letters - 1)}…`;
  const often = times > 0 ? `, ${times} times` : '';
  const told = `${name}: ${spent.toFixed(1)} ms, ${(share * 100).toFixed(1)} %${often}`;
  const text = label && `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escaped(label)}</text>`;
  return (
    `<g><title>${escaped(told)}</title><rect x="${x.toFixed(1)}" y="${y}" ` +
    `width="${width.toFixed(1)}" height="${ROW - 1}" fill="${colour(name)}"/>${text}</g>`
  );
}

/** Ours warm, packages green, Node and V8 grey, steps of plans by their kind. */
function colour(name: string): string {
  const place = name.split(' ').at(-1) ?? '';
  const hue = /^(src|bench)\/|\.ts$/.test(place)
    ? 30
    : /^node:|\)$/.test(place)
      ? undefined
      : /^(Index|Seq|Bitmap|Tid|insert|update|delete|Insert|Update|Delete)/i.test(name)
        ? 10
        : 110;
  let shade = 0;
  for (const letter of name) shade = (shade * 31 + letter.charCodeAt(0)) % 18;
  return hue === undefined ? `hsl(0,0%,${78 + (shade % 10)}%)` : `hsl(${hue + shade},75%,72%)`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
