/** The dialogue's public face: what to say, and what keys mean. Pure: no I/O, no clock, no randomness. */

export type * from './dialog-types.ts';
export type * from './prompt.ts';
export { DETECTION_LIMIT_MS, initialState, reportOf, step, type DialogState } from './dialog.ts';
export { MAX_REPEATS } from './dialog-message.ts';
export { gather, gatherConfig, isKey, isTrigger, type GatherConfig, type GatherState } from './gather.ts';
export { isLanguage, language, LANGUAGE_CODES, languageOf, type LanguageCode } from './languages.ts';
export type { Language } from './languages/language.ts';
export {
  markupReport,
  markupStart,
  markupStep,
  type MarkupInput,
  type MarkupState,
  type MarkupStep,
  type MarkupTurn,
} from './markup.ts';
export { gateUtterances, goodbyeUtterances, promptUtterances, READING_GAP_MS } from './phrases.ts';
export { toPlainText } from './plain-text.ts';
export { clampRate, fixedSegments, symbolWord, toSegments, type SegmentOptions } from './segments.ts';
export { toSsml } from './ssml.ts';
export { dialects, type SsmlDialect, type SsmlTarget } from './ssml-dialects.ts';
export { SsmlError } from './ssml-error.ts';
export { looksLikeSsml, parseSsml } from './ssml-parse.ts';
export {
  buildMessage,
  checkTemplate,
  placeholderNames,
  type Message,
  type TemplateProblem,
} from './template.ts';
export { cleanText, DEFAULT_DIGIT_PAUSE_MS } from './text.ts';
export { fillWritten, writtenText, writtenValue } from './written.ts';
