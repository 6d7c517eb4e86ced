import type { Line, MailReason } from '@baton/contracts';
import { archived, defineStore, isoTimestamp, StateEntity, stateIn } from '@baton/messaging';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Contact, ContactRecord, MailFacts, MailKey, MailRecord, MailState } from '../domain/mail.js';

@Entity('contacts')
export class ContactEntity extends StateEntity implements ContactRecord {
  @PrimaryColumn({ name: 'order_id', type: 'text' }) orderId!: string;
  @Column({ name: 'contact', type: 'jsonb', nullable: true }) contact!: Contact | null;
  @Column({ name: 'lines', type: 'jsonb' }) lines!: readonly Line[];
  @Column({ name: 'waiting', type: 'jsonb' }) waiting!: readonly Pick<MailKey, 'shipment' | 'reason'>[];
}

@Entity('mails')
export class MailEntity extends StateEntity implements MailRecord {
  @PrimaryColumn({ name: 'order_id', type: 'text' }) orderId!: string;
  @PrimaryColumn({ name: 'shipment', type: 'int' }) shipment!: number;
  @PrimaryColumn({ name: 'reason', type: 'text' }) reason!: MailReason;
  @Column({ name: 'state', type: 'text' }) state!: MailState;
  @Column({ name: 'facts', type: 'jsonb' }) facts!: MailFacts;
  @Column({ name: 'wanted_at', type: 'timestamptz', transformer: isoTimestamp }) wantedAt!: string;
  @Column({ name: 'settled_at', type: 'timestamptz', nullable: true, transformer: isoTimestamp })
  settledAt!: string | null;
  @Column({ name: 'message_id', type: 'text', nullable: true }) messageId!: string | null;
  @Column({ name: 'detail', type: 'text', nullable: true }) detail!: string | null;
}

/** Whom to write to, one record per order. */
export const Contacts = archived(defineStore<ContactRecord>()(ContactEntity, 'orderId'), {
  // Whoever wants another mail takes it back.
  ended: `contact is not null and waiting = '[]'`,
  since: 'created_at',
});
/** States in which a mail may lie in the archive; in all others it is found in the table alone, which stays small. */
export const RESTING: readonly MailState[] = ['sent', 'failed'];

/** The mails, one record per order, shipment and reason. */
export const Mails = archived(defineStore<MailRecord>()(MailEntity, 'orderId', 'shipment', 'reason'), {
  ended: stateIn(RESTING),
  since: 'settled_at',
});
