import { type Type } from '@nestjs/common';

/** Every noun's module. The routes of the service are these and no others (`sluice routes`). */
export const apiModules: Type[] = [];
