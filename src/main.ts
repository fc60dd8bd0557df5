import { useCompileCache } from './compile-cache.ts';

/** `npm start`: `serve.ts`, quicker from the second time on. */
const keep = useCompileCache();
await import('./serve.ts');
keep();
