import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';

import type { Clock } from '../../clock.ts';
import type { Logger } from '../../log.ts';
import { takeJson } from '../json-body.ts';
import { errorAnswers } from '../openapi.ts';
import {
  idParams,
  keyAnswer,
  keyList,
  keyRequest,
  keyView,
  newKeyAnswer,
  userAnswer,
  userList,
  usernameParams,
  userRequest,
  userView,
} from './access-schemas.ts';
import type { Access } from './access.ts';
import { guardRoutes } from './guard.ts';
import type { Authenticator } from './principal.ts';
import { ADMINISTRATION } from './scopes.ts';

const TAG = 'Administration';
const config = { scopes: [ADMINISTRATION] };

export interface AccessRoutesDeps {
  readonly access: Access;
  readonly authenticate: Authenticator;
  readonly clock: Clock;
  readonly log: Logger;
}

/** `/v1/keys` and `/v1/users`: what `saypin keys` and `saypin users` talk to. */
export function accessRoutes(deps: AccessRoutesDeps) {
  const { access, log } = deps;
  return async (scope: FastifyInstance): Promise<void> => {
    guardRoutes(scope, deps);
    takeJson(scope);
    const app = scope.withTypeProvider<ZodTypeProvider>();

    app.route({
      method: 'POST',
      url: '/v1/keys',
      config,
      schema: {
        tags: [TAG],
        operationId: 'createKey',
        summary: 'Make an API key; it is shown in this answer and never again',
        body: keyRequest,
        response: { 201: newKeyAnswer, ...errorAnswers(400, 401, 403, 500, 503) },
      },
      handler: async (request, reply) => {
        const made = await access.createKey(request.body);
        log.info({ keyId: made.id, client: request.client }, 'API key made');
        return await reply.code(201).send({ ...keyView(made), key: made.key });
      },
    });

    app.route({
      method: 'GET',
      url: '/v1/keys',
      config,
      schema: {
        tags: [TAG],
        operationId: 'listKeys',
        summary: 'List the API keys, revoked ones too',
        response: { 200: keyList, ...errorAnswers(401, 403, 500, 503) },
      },
      handler: async () => ({ keys: (await access.listKeys()).map(keyView) }),
    });

    app.route({
      method: 'DELETE',
      url: '/v1/keys/:id',
      config,
      schema: {
        tags: [TAG],
        operationId: 'revokeKey',
        summary: 'Revoke an API key, at once and for good',
        params: idParams,
        response: { 200: keyAnswer, ...errorAnswers(401, 403, 404, 500, 503) },
      },
      handler: async request => {
        const revoked = await access.revokeKey(request.params.id);
        log.info({ keyId: revoked.id, client: request.client }, 'API key revoked');
        return keyView(revoked);
      },
    });

    app.route({
      method: 'POST',
      url: '/v1/users',
      config,
      schema: {
        tags: [TAG],
        operationId: 'addUser',
        summary: 'Add a user, for Basic, sessions and OAuth2 client credentials',
        body: userRequest,
        response: { 201: userAnswer, ...errorAnswers(400, 401, 403, 500, 503) },
      },
      handler: async (request, reply) => {
        const user = await access.addUser(request.body);
        log.info({ user: user.username, client: request.client }, 'user added');
        return await reply.code(201).send(userView(user));
      },
    });

    app.route({
      method: 'GET',
      url: '/v1/users',
      config,
      schema: {
        tags: [TAG],
        operationId: 'listUsers',
        summary: 'List the users',
        response: { 200: userList, ...errorAnswers(401, 403, 500, 503) },
      },
      handler: async () => ({ users: (await access.listUsers()).map(userView) }),
    });

    app.route({
      method: 'DELETE',
      url: '/v1/users/:username',
      config,
      schema: {
        tags: [TAG],
        operationId: 'removeUser',
        summary: 'Remove a user, with all sessions and tokens',
        params: usernameParams,
        response: { 200: userAnswer, ...errorAnswers(401, 403, 404, 500, 503) },
      },
      handler: async request => {
        const user = await access.removeUser(request.params.username);
        log.info({ user: user.username, client: request.client }, 'user removed');
        return userView(user);
      },
    });
  };
}
