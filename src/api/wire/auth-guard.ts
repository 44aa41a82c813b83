import {
  type CanActivate,
  createParamDecorator,
  type CustomDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type FastifyRequest } from 'fastify';
import { authenticate, type Principal } from '../../accounts/index.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/index.js';
import { Database } from '../../db/index.js';
import { ValueError } from '../../errors/index.js';

const PUBLIC = 'sluice:public';

/** A request that the guard has let in. */
export interface AuthenticatedRequest extends FastifyRequest {
  caller?: Principal;
}

/** Marks a route, or all of a controller, that needs no token. */
export const Public = (): CustomDecorator => SetMetadata(PUBLIC, true);

/** Whoever asks: `@Caller() caller: Principal`. Never on a public route. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { caller } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (!caller) throw new Error('a public route has no caller');
  return caller;
});

/** The login token of a request. Throws ValueError where it has none. */
export function tokenOf(request: FastifyRequest): string {
  const token = request.headers['x-rucio-auth-token'];
  if (typeof token !== 'string' || token === '') throw new ValueError('Token must be set.');
  return token;
}

/** Lets in who has a live token; the account's status is asked anew for every request. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(Database) private readonly db: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets)) return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const token = tokenOf(request);
    const principal = await this.db.read((tx) => authenticate(tx, token, this.clock.now()));
    const { policy } = this.config;
    request.caller = { ...principal, policy, requestId: request.id };
    return true;
  }
}
