export function generateMap(): string;
export function withMap(text: string): string;
