export { startMailbox } from './mailbox/mailbox.js';
export { mailboxSettings } from './mailbox/settings.js';
export { notification } from './notification.module.js';
export { NotificationReactions } from './reactions.js';
export { Mails } from './store/entities.js';
