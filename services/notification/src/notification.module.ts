import { defineService } from '@baton/service-kit';
import { Module } from '@nestjs/common';
import { NotificationsApi } from './api.js';
import { notificationConfig } from './config.js';
import { NotificationReactions } from './reactions.js';
import { MailSender } from './smtp/mail-sender.js';
import { ContactEntity, MailEntity } from './store/entities.js';
import { CreateMails1764000000000 } from './store/migrations.js';

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
  migrations: [CreateMails1764000000000],
  config: notificationConfig,
  gatherMs: 500,
});
