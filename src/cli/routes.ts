import { printRoutes } from '../routes.js';

/** `sluice routes`: every method and path the API serves. */
export async function runRoutes(): Promise<void> {
  console.log(await printRoutes());
}
