import { expect, test } from 'vitest';
import { propertiesOf, variablesOf } from './kafka-settings.js';

const settings = {
  'log.dirs': '/data',
  'listener.name.my_own.scram-sha-512.sasl.jaas.config': 'module required;',
  'ssl.keystore.key': '-----BEGIN-----\nx\\y\n-----END-----\n',
};
const key = String.raw`-----BEGIN-----\nx\\y\n-----END-----\n`;

test('a setting of several lines is one line of a properties file', () => {
  expect(propertiesOf(settings).split('\n')[2]).toBe(`ssl.keystore.key=${key}`);
});

test("Kafka's image gets the same settings, by the names and in the form that it puts into such a file", () => {
  expect(variablesOf(settings)).toEqual({
    KAFKA_LOG_DIRS: '/data',
    KAFKA_LISTENER_NAME_MY__OWN_SCRAM___SHA___512_SASL_JAAS_CONFIG: 'module required;',
    KAFKA_SSL_KEYSTORE_KEY: key,
  });
});
