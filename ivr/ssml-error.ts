/** SSML that is refused. The API answers it with the registered status REJECTED_INVALID_SSML (id 91). */
export class SsmlError extends Error {
  readonly status = 'REJECTED_INVALID_SSML';
  readonly reason:
    | 'malformed' // no well-formed XML
    | 'forbidden' // an element, attribute, DTD, entity, comment or instruction that is not on the list
    | 'bad-attribute' // a value that is out of range or unknown
    | 'too-large'
    | 'too-deep';

  /** `detail` names places and known words only, never the caller's text: it may hold a PIN. */
  constructor(reason: SsmlError['reason'], detail: string) {
    super(`invalid SSML: ${detail}`);
    this.name = 'SsmlError';
    this.reason = reason;
  }
}
