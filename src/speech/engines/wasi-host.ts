/**
 * A WASI preview 1 host that holds everything in memory, for command modules that turn arguments into one
 * output file. `node:wasi` is not used: it leaks a descriptor a call and crashed Node before 3,000 calls.
 *
 * Just the imports that flite's module asks for; every other call answers ENOSYS at link time, by being absent.
 */

const ERRNO = { success: 0, badf: 8, inval: 28, isdir: 31, noent: 44, notcapable: 76 } as const;
const FILETYPE = { character: 2, directory: 3, regular: 4 } as const;
const FIRST_FILE = 4;
const ROOT = 3;
const OPEN_CREATE = 1;
const OPEN_TRUNCATE = 8;

interface MemoryFile {
  bytes: Uint8Array;
  length: number;
}

interface Descriptor {
  readonly file: MemoryFile;
  position: number;
}

export interface CommandResult {
  readonly exitCode: number;
  /** What the command left behind, by path without the leading slash. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Thrown through the module's stack by `proc_exit`, which must not return. */
class Exit {
  readonly code: number;

  constructor(code: number) {
    this.code = code;
  }
}

/**
 * Runs a compiled WASI command once, in a fresh instance. `maxBytes` bounds the memory file system.
 * @throws the module's trap (WebAssembly.RuntimeError), or RangeError when it writes more than `maxBytes`.
 */
export function runCommand(
  module: WebAssembly.Module,
  args: readonly string[],
  { maxBytes }: { maxBytes: number },
): CommandResult {
  const host = new Host(args, maxBytes);
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: host.imports() });
  const { memory, _start: start } = instance.exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof start !== 'function') {
    throw new TypeError('not a WASI command module');
  }
  host.memory = memory;
  return { exitCode: exitCodeOf(start as () => void), files: host.files() };
}

function exitCodeOf(start: () => void): number {
  try {
    start();
    return 0;
  } catch (error) {
    if (error instanceof Exit) return error.code;
    throw error;
  }
}

class Host {
  memory: WebAssembly.Memory | undefined;
  readonly #args: readonly Uint8Array[];
  readonly #maxBytes: number;
  readonly #files = new Map<string, MemoryFile>();
  readonly #open = new Map<number, Descriptor>();
  #nextDescriptor = FIRST_FILE;
  #stored = 0;

  constructor(args: readonly string[], maxBytes: number) {
    const encoder = new TextEncoder();
    this.#args = args.map(arg => encoder.encode(`${arg.replaceAll('\0', ' ')}\0`));
    this.#maxBytes = maxBytes;
  }

  files(): ReadonlyMap<string, Uint8Array> {
    return new Map([...this.#files].map(([path, file]) => [path, file.bytes.subarray(0, file.length)]));
  }

  imports(): Record<string, (...args: never[]) => number> {
    return {
      args_sizes_get: (count: number, size: number) => {
        this.#view.setUint32(count, this.#args.length, true);
        this.#view.setUint32(size, sum(this.#args.map(arg => arg.length)), true);
        return ERRNO.success;
      },
      args_get: (pointers: number, buffer: number) => this.#argsGet(pointers, buffer),
      clock_time_get: (_id: number, _precision: bigint, out: number) => {
        // A constant: nothing in speech may depend on the time of day.
        this.#view.setBigUint64(out, 0n, true);
        return ERRNO.success;
      },
      fd_close: (fd: number) => (this.#open.delete(fd) ? ERRNO.success : ERRNO.badf),
      fd_fdstat_get: (fd: number, out: number) => this.#fdstat(fd, out),
      fd_fdstat_set_flags: () => ERRNO.success,
      fd_prestat_get: (fd: number, out: number) => {
        if (fd !== ROOT) return ERRNO.badf;
        this.#view.setUint32(out, 0, true);
        this.#view.setUint32(out + 4, 1, true);
        return ERRNO.success;
      },
      fd_prestat_dir_name: (fd: number, path: number, length: number) => {
        if (fd !== ROOT) return ERRNO.badf;
        if (length < 1) return ERRNO.inval;
        this.#bytes[path] = 0x2f;
        return ERRNO.success;
      },
      fd_read: (fd: number, vectors: number, count: number, out: number) =>
        this.#read(fd, vectors, count, out),
      fd_seek: (fd: number, offset: bigint, whence: number, out: number) =>
        this.#seek(fd, offset, whence, out),
      fd_write: (fd: number, vectors: number, count: number, out: number) =>
        this.#write(fd, vectors, count, out),
      path_open: (
        directory: number,
        _lookup: number,
        path: number,
        length: number,
        flags: number,
        _rights: bigint,
        _inherited: bigint,
        _fdFlags: number,
        out: number,
      ) => this.#pathOpen({ directory, path, length, flags, out }),
      proc_exit: (code: number) => {
        throw new Exit(code);
      },
    };
  }

  /** Fetched anew for every access: growing the memory detaches the old buffer. */
  get #view(): DataView {
    if (!this.memory) throw new TypeError('the module ran before its memory was known');
    return new DataView(this.memory.buffer);
  }

  get #bytes(): Uint8Array {
    if (!this.memory) throw new TypeError('the module ran before its memory was known');
    return new Uint8Array(this.memory.buffer);
  }

  #argsGet(pointers: number, buffer: number): number {
    let at = buffer;
    for (const [index, arg] of this.#args.entries()) {
      this.#view.setUint32(pointers + index * 4, at, true);
      this.#bytes.set(arg, at);
      at += arg.length;
    }
    return ERRNO.success;
  }

  #fdstat(fd: number, out: number): number {
    const type = this.#fileType(fd);
    if (type === undefined) return ERRNO.badf;
    const view = this.#view;
    view.setUint8(out, type);
    view.setUint16(out + 2, 0, true);
    view.setBigUint64(out + 8, 0xffff_ffff_ffff_ffffn, true);
    view.setBigUint64(out + 16, 0xffff_ffff_ffff_ffffn, true);
    return ERRNO.success;
  }

  #fileType(fd: number): number | undefined {
    if (fd >= 0 && fd < ROOT) return FILETYPE.character;
    if (fd === ROOT) return FILETYPE.directory;
    return this.#open.has(fd) ? FILETYPE.regular : undefined;
  }

  #pathOpen(request: {
    directory: number;
    path: number;
    length: number;
    flags: number;
    out: number;
  }): number {
    if (request.directory !== ROOT) return ERRNO.badf;
    const name = new TextDecoder().decode(this.#bytes.slice(request.path, request.path + request.length));
    let file = this.#files.get(name);
    if (!file && !(request.flags & OPEN_CREATE)) return ERRNO.noent;
    if (!file) {
      file = { bytes: new Uint8Array(64 * 1024), length: 0 };
      this.#files.set(name, file);
    } else if (request.flags & OPEN_TRUNCATE) {
      this.#stored -= file.length;
      file.length = 0;
    }
    const fd = this.#nextDescriptor++;
    this.#open.set(fd, { file, position: 0 });
    this.#view.setUint32(request.out, fd, true);
    return ERRNO.success;
  }

  #seek(fd: number, offset: bigint, whence: number, out: number): number {
    const descriptor = this.#open.get(fd);
    if (!descriptor) return fd < ROOT ? ERRNO.notcapable : ERRNO.badf;
    const bases = [0, descriptor.position, descriptor.file.length];
    const base = bases[whence];
    if (base === undefined) return ERRNO.inval;
    const position = base + Number(offset);
    if (position < 0) return ERRNO.inval;
    descriptor.position = position;
    this.#view.setBigUint64(out, BigInt(position), true);
    return ERRNO.success;
  }

  #read(fd: number, vectors: number, count: number, out: number): number {
    const descriptor = this.#open.get(fd);
    let total = 0;
    if (descriptor) {
      for (const { pointer, length } of this.#vectors(vectors, count)) {
        const end = Math.min(descriptor.position + length, descriptor.file.length);
        const chunk = descriptor.file.bytes.subarray(descriptor.position, end);
        this.#bytes.set(chunk, pointer);
        descriptor.position += chunk.length;
        total += chunk.length;
        if (chunk.length < length) break;
      }
    } else if (fd !== 0) {
      return ERRNO.badf;
    }
    this.#view.setUint32(out, total, true);
    return ERRNO.success;
  }

  #write(fd: number, vectors: number, count: number, out: number): number {
    const descriptor = this.#open.get(fd);
    if (!descriptor && fd !== 1 && fd !== 2) return ERRNO.badf;
    let total = 0;
    for (const { pointer, length } of this.#vectors(vectors, count)) {
      // Standard output and error are dropped: flite echoes the text there, and the text may be secret.
      if (descriptor) this.#store(descriptor, this.#bytes.subarray(pointer, pointer + length));
      total += length;
    }
    this.#view.setUint32(out, total, true);
    return ERRNO.success;
  }

  #store(descriptor: Descriptor, chunk: Uint8Array): void {
    const { file } = descriptor;
    const end = descriptor.position + chunk.length;
    this.#stored += Math.max(0, end - file.length);
    if (this.#stored > this.#maxBytes) throw new RangeError('the command wrote too much');
    if (end > file.bytes.length) {
      const grown = new Uint8Array(Math.max(end, file.bytes.length * 2));
      grown.set(file.bytes.subarray(0, file.length));
      file.bytes = grown;
    }
    file.bytes.set(chunk, descriptor.position);
    file.length = Math.max(file.length, end);
    descriptor.position = end;
  }

  #vectors(at: number, count: number): { pointer: number; length: number }[] {
    const view = this.#view;
    return Array.from({ length: count }, (_, index) => ({
      pointer: view.getUint32(at + index * 8, true),
      length: view.getUint32(at + index * 8 + 4, true),
    }));
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
