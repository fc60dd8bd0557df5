import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';

import { ServiceError } from '../../errors.ts';
import { documented } from '../openapi.ts';
import { PROBLEM_TYPES, problemAnswers } from '../problem.ts';

const problemType = documented(
  'ProblemType',
  z.object({ type: z.string(), status: z.int(), title: z.string(), description: z.string() }),
  [
    {
      type: '/v1/problems/not-found',
      status: 404,
      title: 'Not found',
      description: 'There is nothing of this id, or nothing any more.',
    },
  ],
);

const TAG = 'Problems';

/** What the `type` of a problem leads to. For everybody: it holds nothing of anybody. */
export function problemRoutes(scope: FastifyInstance): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const types = PROBLEM_TYPES.map(({ id, ...type }) => ({ type: `/v1/problems/${id}`, ...type }));

  app.route({
    method: 'GET',
    url: '/v1/problems',
    schema: {
      tags: [TAG],
      operationId: 'listProblems',
      summary: 'List the kinds of problems that answers can have',
      response: { 200: z.object({ problems: z.array(problemType) }) },
    },
    handler: async () => ({ problems: types }),
  });

  app.route({
    method: 'GET',
    url: '/v1/problems/:id',
    schema: {
      tags: [TAG],
      operationId: 'getProblem',
      summary: 'What a kind of problem means',
      params: z.object({ id: z.string() }),
      response: { 200: problemType, ...problemAnswers(404) },
    },
    handler: async request => {
      const found = types.find(({ type }) => type === `/v1/problems/${request.params.id}`);
      if (!found) throw new ServiceError('notFound');
      return found;
    },
  });
}
