import { eventually } from '@baton/messaging/testing';
import { send } from './http.js';
import { PATIENCE_MS } from './system.js';

export interface Mail {
  readonly messageId: string;
  readonly recipients: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Message-IDs of an order's mails, without their domain, such as `order-1.0.order-placed`. */
export const mailsOf = async (url: string, orderId: string): Promise<readonly string[]> => {
  const { body } = await send('GET', `${url}/mails?limit=200&text=${encodeURIComponent(`<${orderId}.`)}`);
  const mails = body?.['mails'] as readonly { readonly messageId: string }[];
  return mails.map(({ messageId }) => messageId.slice(1, messageId.indexOf('@'))).toReversed();
};

/** One mail of an order, as its reader sees it; waits until it has come. */
export const mailAbout = (url: string, orderId: string, shipment: number, reason: string): Promise<Mail> =>
  eventually(async () => {
    const name = `${orderId}.${shipment}.${reason}`;
    const { body } = await send('GET', `${url}/mails?limit=1&text=${encodeURIComponent(`<${name}@`)}`);
    const [found] = (body?.['mails'] ?? []) as readonly { readonly id: number }[];
    if (!found) throw new Error(`There is no mail ${name}.`);
    return (await send('GET', `${url}/mails/${found.id}`)).body as unknown as Mail;
  }, PATIENCE_MS);
