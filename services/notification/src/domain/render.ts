import type { CancellationReason, Line } from '@baton/contracts';
import { type Block, html, plainText, singleLine } from './layout.js';
import type { MailFacts, Parcel } from './mail.js';

/** A mail, but for its addresses. The subject is one line without control characters. */
export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export interface RenderInput {
  readonly orderId: string;
  readonly name: string;
  readonly lines: readonly Line[];
  readonly facts: MailFacts;
}

/** Writes the mail that tells these facts. Pure; all that came from outside is escaped in the HTML part. */
export const render = ({ orderId, name, lines, facts }: RenderInput): RenderedMail => {
  const { subject, blocks } = tell(orderId, facts);
  const letter = { greeting: `Hello ${singleLine(name)},`, blocks, order: { orderId, lines } };
  return { subject: singleLine(subject), text: plainText(letter), html: html(singleLine(subject), letter) };
};

const tell = (orderId: string, facts: MailFacts): { readonly subject: string; readonly blocks: readonly Block[] } => {
  switch (facts.reason) {
    case 'order-placed':
      return {
        subject: `We have your order ${orderId}`,
        blocks: [
          `thank you for your order. We got it on ${day(facts.placedAt)} and are getting it ready.`,
          'You will hear from us again when it is on its way.',
        ],
      };
    case 'order-delayed':
      return {
        subject: `Your order ${orderId} takes longer than planned`,
        blocks: [
          facts.cause === 'stock-short'
            ? 'we are sorry: not everything you ordered is in stock right now. We keep your place in the queue and send your order as soon as it is complete.'
            : 'we are sorry: your order takes longer than we promised. We are on it.',
          facts.expectedAt
            ? { Expected: day(facts.expectedAt) }
            : 'We cannot name a new date yet, and write again when your order leaves.',
        ],
      };
    case 'shipment-dispatched':
      return {
        subject: `Your order ${orderId} is on its way`,
        blocks: [`your order left our warehouse on ${day(facts.at)}.`, parcelBlock(facts.parcel)],
      };
    case 'shipment-delivered':
      return {
        subject: `Your order ${orderId} was delivered`,
        blocks: [
          `the carrier delivered your order on ${day(facts.at)}. We hope you like it.`,
          parcelBlock(facts.parcel),
        ],
      };
    case 'cancellation-refused':
      return {
        subject: `Your order ${orderId} is already on its way`,
        blocks: [
          'you asked us to cancel your order, but by then this had left our warehouse and could not be called back:',
          ...facts.parcels.map(parcelBlock),
          'Whatever has not left yet will not be sent.',
        ],
      };
    case 'order-cancelled':
      return {
        subject: `Your order ${orderId} was cancelled`,
        blocks: [cancelled[facts.cause], 'Nothing will be sent, and nothing more is needed from you.'],
      };
    default:
      return facts satisfies never;
  }
};

const cancelled: Readonly<Record<CancellationReason, string>> = {
  'customer-cancelled': 'as you asked, we cancelled your order.',
  'stock-short': 'we are sorry: we do not have what you ordered, and so had to cancel your order.',
  'unknown-sku': 'we are sorry: your order holds an article that we do not have, and so we had to cancel it.',
  'backorder-expired': 'we are sorry: what you ordered did not come in time, and so we had to cancel your order.',
  'no-carrier-left': 'we are sorry: we found no carrier for your order, and so had to cancel it.',
  operator: 'we are sorry: we had to cancel your order.',
};

const parcelBlock = ({ carrier, trackingNumber }: Parcel): Block => ({
  Carrier: carrier,
  'Tracking number': trackingNumber,
});

// Put together here, for how a locale joins the parts changes from one ICU to the next.
const dayFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeZone: 'UTC' });
const written = (at: number): string =>
  dayFormat
    .formatToParts(at)
    .filter(({ type }) => type !== 'literal')
    .map(({ value }) => value)
    .join(' ');

const DAY_MS = 86_400_000;
/** The day that was written last: mails of one hour are nearly all about one day, and writing it takes long. */
let last = { day: NaN, text: '' };
const day = (iso: string): string => {
  const at = Date.parse(iso);
  const number = Math.floor(at / DAY_MS);
  if (number !== last.day) last = { day: number, text: written(at) };
  return last.text;
};
