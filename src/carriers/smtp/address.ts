import addressparser from 'nodemailer/lib/addressparser';

export interface Mailbox {
  /** Empty where only an address was given. */
  readonly name: string;
  readonly address: string;
}

const MAX_ADDRESS = 254;
const MAX_LOCAL = 64;
const MAX_NAME = 200;

/**
 * A dot-atom (RFC 5321 4.1.2), letters of any language included (RFC 6531), at a host name. Quoted local parts are legal
 * and refused: parsers disagree about them, which has sent mail to the wrong domain before.
 */
const LOCAL = /^[^\s\p{C}"(),.:;<>@[\\\]]+(?:\.[^\s\p{C}"(),.:;<>@[\\\]]+)*$/u;
const LABEL = /^(?!-)[\p{L}\p{M}\p{N}-]{1,63}(?<!-)$/u;

/** Whether mail can be addressed to it as it stands: one bare address, no name, no comment, no list. */
export function isMailAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at < 1 || Buffer.byteLength(text) > MAX_ADDRESS) return false;
  const local = text.slice(0, at);
  const labels = text.slice(at + 1).split('.');
  return (
    Buffer.byteLength(local) <= MAX_LOCAL && LOCAL.test(local) && labels.every(label => LABEL.test(label))
  );
}

/**
 * One mailbox, `a@b.c` or `Name <a@b.c>`; undefined for anything else: several, a group, control characters (a line break
 * would start a header of its own).
 */
export function parseMailbox(text: string): Mailbox | undefined {
  if (/[\p{Cc}\u2028\u2029]/u.test(text) || text.length > MAX_ADDRESS + MAX_NAME) return undefined;
  const [mailbox, ...more] = addressparser(text);
  if (!mailbox?.address || more.length > 0 || !isMailAddress(mailbox.address)) return undefined;
  // The parser forgives; what it had to drop to find an address was not meant as one.
  const end = text.trim();
  const written = end === mailbox.address || end.endsWith(`<${mailbox.address}>`);
  return written ? { name: mailbox.name, address: mailbox.address } : undefined;
}
