export { isMailAddress, parseMailbox, type Mailbox } from './address.ts';
export { smtpConfig, type SmtpConfig, type SmtpConfigInput } from './config.ts';
export { createSmtpCarrier } from './smtp.ts';
