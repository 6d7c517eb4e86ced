import { FulfilmentContinued, OrderPlaced } from '@baton/contracts';
import { defineService } from '@baton/service-kit';
import { Module } from '@nestjs/common';
import { NotificationsApi } from './api.js';
import { notificationConfig } from './config.js';
import { SendMail } from './effects.js';
import { causes, NotificationReactions } from './reactions.js';
import { MailSender } from './smtp/mail-sender.js';
import { Archive1764000004000 } from './store/archive.migration.js';
import { ContactEntity, Contacts, MailEntity, Mails } from './store/entities.js';
import {
  CreateMails1764000000000,
  MoreRoom1764000010000,
  RoomForUpdates1764000001000,
  ChangingColumnsLast1764000012000,
} from './store/migrations.js';

@Module({
  controllers: [NotificationsApi, NotificationReactions],
  providers: [MailSender],
})
export class NotificationModule {}

/** Writes to customers, one mail for each order, shipment and reason. */
export const notification = defineService({
  name: 'notification',
  doc: 'Writes mails to customers: one for each order, shipment and reason.',
  module: NotificationModule,
  entities: [ContactEntity, MailEntity],
  migrations: [
    CreateMails1764000000000,
    RoomForUpdates1764000001000,
    Archive1764000004000,
    MoreRoom1764000010000,
    ChangingColumnsLast1764000012000,
  ],
  retention: { stores: [Contacts, Mails] },
  config: notificationConfig,
  // A customer who reads a mail a moment later does not notice; several about one order share a unit of work.
  gathering: { patient: [OrderPlaced, ...causes, FulfilmentContinued, SendMail.result], loadMs: 500 },
});
