export { CUSTOMER_EVENT_TYPES, customerEvent, type CustomerEvent } from './customer-event.ts';
export {
  createEventDispatcher,
  type EventCounted,
  type EventDispatcher,
  type EventDispatcherDeps,
} from './dispatcher.ts';
export {
  createEndpoints,
  MAX_ENDPOINTS,
  type EndpointChange,
  type Endpoints,
  type EndpointsDeps,
  type NewEndpoint,
} from './endpoints.ts';
export { createEventRenderer, EVENT_PUSH } from './event-push.ts';
export { createReplays, MAX_REPLAYED, type ReplayRange, type Replays } from './replay.ts';
export { createSendGate, REST_MS, type GateCounted, type SendGateDeps } from './send-gate.ts';
export { hooksSettings, type HooksSettings } from './settings.ts';
export {
  deliveryStarted,
  SOURCE_TYPES,
  VERIFICATION_EVENTS,
  verificationEvent,
  type DeliveryFacts,
  type VerificationEventKind,
  type VerificationFacts,
} from './sources.ts';
export { createTestPush, TEST_TYPE, type TestAnswer, type TestPush, type TestPushDeps } from './test-push.ts';
