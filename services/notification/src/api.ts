import { identifier, type MailReason, mailReasons } from '@baton/contracts';
import { type Page, Paged, pageLimit, pageOf, pagePlace } from '@baton/service-kit';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { notificationView, states } from './api-schemas.js';
import type { MailState } from './domain/mail.js';
import { RESTING } from './store/entities.js';

/** One mail, without whom it went to. */
export interface NotificationView {
  readonly orderId: string;
  readonly shipment: number;
  readonly reason: MailReason;
  readonly state: MailState;
  readonly wantedAt: string;
  readonly settledAt: string | null;
  readonly messageId: string | null;
  readonly detail: string | null;
}

export interface NotificationPage extends Page {
  readonly notifications: readonly NotificationView[];
}

export const notificationQuery = z.strictObject({
  orderId: identifier.optional(),
  state: z.enum(states).optional(),
  after: pagePlace(
    z.tuple([identifier, z.coerce.number<string>().pipe(z.int().min(0).max(10_000)), z.enum(mailReasons)]),
  ).optional(),
  limit: pageLimit,
});

/** Which mails were sent, for operators. */
@ApiTags('notifications')
@Controller('notifications')
export class NotificationsApi {
  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  @Get()
  @ApiOperation({ summary: 'Which mails customers got, by order; without their addresses' })
  @ApiQuery({ name: 'orderId', required: false, type: String })
  @ApiQuery({ name: 'state', required: false, enum: states })
  @Paged('notifications', notificationView)
  async list(@Query() query: unknown): Promise<NotificationPage> {
    const { orderId, state, after, limit } = notificationQuery.parse(query);
    const params: unknown[] = [limit + 1];
    const mayRest = state === undefined || RESTING.includes(state);
    const conditions = [mayRest ? 'not taken_back' : 'true'];
    if (orderId !== undefined) conditions.push(`order_id = $${params.push(orderId)}`);
    // A constant, not a parameter, so that the planner knows the index of the failed ones to fit.
    if (state !== undefined) conditions.push(`state = '${state}'`);
    // What their index is made of; nothing else has a detail.
    if (state === 'failed') conditions.push('detail is not null');
    if (after)
      conditions.push(`(order_id, shipment, reason) > (${after.map((part) => `$${params.push(part)}`).join(', ')})`);
    const rows: readonly Row[] = await this.database.query(
      `select order_id, shipment, reason, state, wanted_at, settled_at, message_id, detail
       from ${mayRest ? 'mails_all' : 'mails'} where ${conditions.join(' and ')} order by order_id, shipment, reason limit $1`,
      params,
    );
    const { page, next } = pageOf(rows, limit, (row) => [row.order_id, row.shipment, row.reason]);
    return { notifications: page.map(viewOf), next };
  }
}

interface Row {
  readonly order_id: string;
  readonly shipment: number;
  readonly reason: MailReason;
  readonly state: MailState;
  readonly wanted_at: Date;
  readonly settled_at: Date | null;
  readonly message_id: string | null;
  readonly detail: string | null;
}

const viewOf = (row: Row): NotificationView => ({
  orderId: row.order_id,
  shipment: row.shipment,
  reason: row.reason,
  state: row.state,
  wantedAt: row.wanted_at.toISOString(),
  settledAt: row.settled_at?.toISOString() ?? null,
  messageId: row.message_id,
  detail: row.detail,
});
