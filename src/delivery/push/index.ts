export { vetUrl, type GuardSettings } from './address-guard.ts';
export {
  createGuardedFetch,
  GuardedFetchError,
  type FetchLimits,
  type GuardedFetch,
  type GuardedFetchDeps,
  type GuardedFetchReason,
  type GuardedRequest,
  type GuardedResponse,
} from './guarded-fetch.ts';
export {
  PUSH_EVENT,
  pushEvent,
  type PushBody,
  type PushData,
  type PushRenderer,
  type PushRoute,
} from './push-event.ts';
export { createPusher, type PushCounted, type Pusher, type PusherDeps, type PusherLimits } from './pusher.ts';
export { createWebhookSigner, newWebhookSecret, type WebhookSigner } from './signature.ts';
export { renderReportXml } from './xml-report.ts';
