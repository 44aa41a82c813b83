import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Header,
  Inject,
  Injectable,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type FastifyRequest } from 'fastify';
import { UnsupportedRequestedContentType } from '../../errors/index.js';
import { accepts } from './media-types.js';

const PRODUCED = 'sluice:produced';

@Injectable()
class AcceptGuard implements CanActivate {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const type = this.reflector.get<string>(PRODUCED, context.getHandler());
    const { accept } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    if (accepts(accept, type)) return true;
    throw new UnsupportedRequestedContentType(`The answer is ${type}, which Accept excludes`, {
      type,
    });
  }
}

/** A route's media type: told in the answer, and refused (406) where the client's Accept excludes it. */
export const Produces = (type: string): MethodDecorator =>
  applyDecorators(
    SetMetadata(PRODUCED, type),
    Header('content-type', type),
    UseGuards(AcceptGuard),
  );
