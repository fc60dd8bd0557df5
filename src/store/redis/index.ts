export { openRedisNodeLink, type RedisNodeLink, type RedisNodeLinkOptions } from './node-bus.ts';
export { openRedisStore, type RedisStoreOptions } from './open-redis-store.ts';
export { RedisOpenError } from './store-open-error.ts';
