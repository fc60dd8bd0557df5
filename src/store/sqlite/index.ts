export { StoreOpenError } from './open-database.ts';
export { openSqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
