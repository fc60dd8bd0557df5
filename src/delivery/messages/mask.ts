/** Digits of one number, also read out singly (`5,, 8,, 4,, 2`), three and more. */
const NUMBER = /\d(?:[\s,.;:-]*\d){2,}/g;
/** Letters and digits in one word, as codes are made. */
const CODE = /\b(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{4,12}\b/g;

/** A text for logs, without what may be a PIN in it (infobip-api.md 3.8). */
export function maskPins(text: string): string {
  return text
    .replaceAll(NUMBER, number => number.replaceAll(/\d/g, '*'))
    .replaceAll(CODE, code => '*'.repeat(code.length));
}
