export { Conversation } from './conversation.js';
