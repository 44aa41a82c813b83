import { type Answer, type Exchange } from './exchange.mjs';

export class Replay {
  constructor(server: { url: string; username: string; password: string });
  play(exchange: Exchange): Promise<Answer>;
}
