import { RouteConfig } from '@nestjs/platform-fastify';
import { type FastifyRequest } from 'fastify';

/** The status of a class on one route, where it is not the usual one (quirks.md says why). */
export type RouteStatuses = Readonly<Record<string, number>>;

/** Gives facts another status on this route: `@Refuses({ UnsupportedOperation: 405 })`. */
export const Refuses = (statusOf: RouteStatuses): MethodDecorator => RouteConfig({ statusOf });

/** The statuses that the request's route has of its own. */
export function routeStatuses(request: FastifyRequest): RouteStatuses {
  // What the router itself refuses has no route.
  const config = request.routeOptions?.config as { statusOf?: RouteStatuses } | undefined;
  return config?.statusOf ?? {};
}
