import { newCallRef, newPinId } from '../../domain/ids.ts';
import { DEFAULT_PLAN, type DeliveryPlan, type PlanChannel } from '../../domain/plan.ts';
import { effectiveSettings } from '../../domain/profile.ts';
import type { CallRef, E164, PinId } from '../../domain/types.ts';
import { fieldError, ServiceError } from '../../errors.ts';
import type { PolicyOwner, VerificationListFilter, VerificationRecord } from '../../store/plan-store.ts';
import type { Context } from '../context.ts';
import { verificationEvent } from '../events/sources.ts';
import type { CreateVerification, Verifications, VerificationView } from '../verifications.ts';
import type { Verify } from '../verify.ts';
import { onwardOver } from './candidates.ts';
import { carrierOf } from './choose.ts';
import type { Plans } from './plans.ts';
import { verificationView } from './view.ts';

type Deps = Context & {
  readonly plans: Plans;
  readonly verify: Verify;
  /** One more delivery of a PIN that has no plan. @throws ServiceError as `next` */
  readonly repeat: (pinId: PinId, channel: PlanChannel) => Promise<void>;
  /** @throws ServiceError unavailable: the service is about to stop */
  readonly admitSend: () => void;
};

/** Verifications for our own API, over plans. */
export function createVerifications(deps: Deps): Verifications {
  const { store, plans, random, clock } = deps;

  async function view(record: VerificationRecord): Promise<VerificationView> {
    const { pin } = record;
    const { applicationId, to } = pin;
    const application = await store.getApplication(applicationId);
    const limits = application && effectiveSettings(application, deps.security).limits;
    const allowedInMs = limits ? await store.sendAllowedIn({ applicationId, to, limits }) : 0;
    const can = (channel: PlanChannel): boolean =>
      carrierOf(channel, { to: to as E164, applicationId }, deps) !== undefined;
    return verificationView(record, allowedInMs, { sms: can('sms'), voice: can('voice') });
  }

  async function get(pinId: PinId): Promise<VerificationView | undefined> {
    const record = await store.getVerification(pinId);
    return record && (await view(record));
  }

  async function known(pinId: PinId): Promise<VerificationView> {
    const found = await get(pinId);
    if (!found) throw new ServiceError('unavailable');
    return found;
  }

  async function planOf({ plan, application, template }: CreateVerification): Promise<DeliveryPlan> {
    const { applicationId } = application;
    const { messageId } = template;
    return (
      plan ?? (await deps.recent.policyFor({ applicationId, messageId })) ?? deps.defaultPlan ?? DEFAULT_PLAN
    );
  }

  /** A carrier that nobody knows would fail at the worst time. */
  function checkCarriers({ steps }: DeliveryPlan): void {
    for (const [index, { channel, carrier }] of steps.entries()) {
      const known = channel === 'voice' ? deps.carriers : deps.texts?.carriers;
      if (carrier !== undefined && !known?.has(carrier))
        throw fieldError(`steps[${index}].carrier`, `no carrier "${carrier}" for ${channel}`);
    }
  }

  async function checkOwner({ applicationId, messageId }: PolicyOwner): Promise<void> {
    const application = await store.getApplication(applicationId);
    const template = messageId && application && (await store.getTemplate(applicationId, messageId));
    if (!application || (messageId !== undefined && !template)) throw new ServiceError('notFound');
  }

  return {
    async create(request) {
      deps.admitSend();
      const { application, template, to, placeholders, from, pinId } = request;
      const made = pinId && (await get(pinId));
      if (made) return made;
      const plan = await planOf(request);
      checkCarriers(plan);
      const started = await plans.start({
        application,
        to,
        plan,
        position: 0,
        words: { template, placeholders, ...(from !== undefined && { from }), lookUp: true },
        origin: 'verify',
        ...(pinId !== undefined && { pinId }),
      });
      plans.handOver(started);
      return await known(started.pin.pinId);
    },

    get,

    async list(filter: VerificationListFilter) {
      const { records, nextCursor } = await store.listVerificationRecords(filter);
      const views = await Promise.all(records.map(view));
      return { views, ...(nextCursor !== undefined && { nextCursor }) };
    },

    async check(request) {
      return await deps.verify(request);
    },

    async cancel(pinId) {
      const pin = await store.getPin(pinId);
      if (!pin) return undefined;
      const { applicationId, to } = pin;
      const result = await store.cancelPin({
        opId: random(16).toString('hex'),
        pinId,
        events: [verificationEvent('cancelled', { pinId, applicationId, to, at: clock.now() })],
      });
      if (result.outcome === 'over') throw new ServiceError('conflict', { reason: 'over' });
      if (result.outcome === 'cancelled') await plans.withdraw(result.live);
      return await get(pinId);
    },

    async next({ pinId, channel, ref }) {
      deps.admitSend();
      const before = await get(pinId);
      if (!before) return undefined;
      if (
        ref !== undefined &&
        before.run?.entries.some(entry => entry.kind === 'started' && entry.ref === ref)
      )
        return before;
      if (before.state !== 'pending') throw new ServiceError('conflict', { reason: before.state });
      const candidates = onwardOver(channel);
      const left = before.run ? candidates(before.run).length > 0 : channel !== undefined;
      if (!left) throw new ServiceError('conflict', { reason: 'no-step-left' });
      if (!before.run && channel !== undefined) {
        await deps.repeat(pinId, channel);
        return await known(pinId);
      }
      const started = await plans.ask(pinId, {
        trigger: 'request',
        candidates,
        ...(ref !== undefined && { ref }),
      });
      if (!started) throw new ServiceError('conflict', { reason: (await known(pinId)).state });
      plans.handOver(started);
      return await known(pinId);
    },

    newRef: (pinId: PinId): CallRef => newCallRef(random, pinId),
    newPinId: (to: E164): PinId => newPinId(random, to),

    async putPolicy(request) {
      await checkOwner(request);
      if (request.plan) checkCarriers(request.plan);
      await store.putPolicy(request);
    },
    async getPolicy(owner) {
      await checkOwner(owner);
      return await store.getPolicy(owner);
    },
    async policyFor(request) {
      return (await store.policyFor(request)) ?? deps.defaultPlan;
    },
  };
}
