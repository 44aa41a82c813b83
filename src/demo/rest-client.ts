import axios, { type AxiosInstance } from 'axios';

/** The service refused a request of the story. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
}

/** A minimal client of the wire for one account: what the story's people use. */
export class RestClient {
  private readonly http: AxiosInstance;
  private token = '';

  constructor(
    url: string,
    readonly account: string,
    private readonly password: string,
  ) {
    this.http = axios.create({ baseURL: url, validateStatus: () => true, maxBodyLength: Infinity });
  }

  /** Logs in with user name and password: the account's name is its user name in the demo. */
  async login(): Promise<this> {
    const answer = await this.http.get('/auth/userpass', {
      headers: {
        'X-Rucio-Account': this.account,
        'X-Rucio-Username': this.account,
        'X-Rucio-Password': this.password,
      },
    });
    if (answer.status !== 200)
      throw new RefusedRequest(`login of ${this.account}: ${answer.status}`);
    this.token = String(answer.headers['x-rucio-auth-token']);
    return this;
  }

  /** The answer as text. */
  async text(method: string, path: string, body?: unknown, accept = '*/*'): Promise<string> {
    const answer = await this.http.request<string>({
      method,
      url: path,
      data: body === undefined ? undefined : JSON.stringify(body),
      responseType: 'text',
      transformResponse: (text: string) => text,
      headers: { 'X-Rucio-Auth-Token': this.token, Accept: accept },
    });
    if (answer.status >= 400) {
      throw new RefusedRequest(`${method} ${path}: ${answer.status} ${answer.data.slice(0, 500)}`);
    }
    return answer.data;
  }

  /** The answer as one JSON value. */
  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    return JSON.parse(await this.text(method, path, body)) as T;
  }

  /** The answer as JSON lines. */
  async lines<T>(method: string, path: string, body?: unknown): Promise<T[]> {
    const text = await this.text(method, path, body);
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as T);
  }
}

/** scope and name as two path segments. */
export const didPath = (scope: string, name: string): string =>
  `${encodeURIComponent(scope)}/${encodeURIComponent(name)}`;
