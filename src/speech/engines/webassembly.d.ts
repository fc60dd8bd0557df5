/** The little of the WebAssembly API that is used here: it is typed by the DOM library only, which this is not. */
declare namespace WebAssembly {
  /** Nothing of a module is looked at; the brand keeps other objects out. */
  interface Module {
    readonly [Symbol.toStringTag]: 'WebAssembly.Module';
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  interface Instance {
    readonly exports: Readonly<Record<string, unknown>>;
  }
  const Module: new (bytes: Uint8Array) => Module;
  const Memory: new (descriptor: { initial: number }) => Memory;
  const Instance: new (module: Module, imports: Readonly<Record<string, object>>) => Instance;
}
