export { createMessageCalls, type MessageCallsLink } from './message-calls.ts';
export { createMessaging, type StartableMessaging } from './messaging.ts';
export { createRecordings, RecordingError, type Recordings } from './recordings.ts';
export { createReportRenderer, type ReportWriter } from './report-renderer.ts';
export type { MessagingDeps, MessagingLimits } from './context.ts';
