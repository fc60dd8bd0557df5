export { cachedLookup } from './cached.ts';
export { createLookup, lookupConfig, type LookupConfig, type LookupConfigInput } from './config.ts';
export { createOfflineLookup } from './offline.ts';
export { createSimulatorLookup } from './simulator.ts';
