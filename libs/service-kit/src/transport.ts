import { KafkaTransport, LocalTransport, type PipelineLog, type Transport } from '@baton/messaging';
import { type BaseConfig, ConfigError } from './config.js';

/**
 * Connects to the transport that the settings name: Kafka if there are brokers, else the local one.
 * @param signal ends the waiting for one that is not there
 * @throws ConfigError when neither is named, or SASL is named without its credentials
 */
export const connectTransport = async (
  service: string,
  config: BaseConfig,
  log: PipelineLog,
  signal?: AbortSignal,
): Promise<Transport> => {
  const { KAFKA_BROKERS, KAFKA_TLS, LOCAL_TRANSPORT_URL } = config;
  if (KAFKA_BROKERS !== undefined) {
    const sasl = saslOf(config);
    return KafkaTransport.connect({
      brokers: KAFKA_BROKERS.split(',').map((broker) => broker.trim()),
      clientId: `baton-${service}`,
      logger: log,
      ssl: KAFKA_TLS,
      ...(sasl && { sasl }),
      ...(signal && { signal }),
    });
  }
  if (LOCAL_TRANSPORT_URL !== undefined)
    return LocalTransport.connect({ url: LOCAL_TRANSPORT_URL, logger: log, ...(signal && { signal }) });
  throw new ConfigError(
    'No transport is named. Set KAFKA_BROKERS (host:port, comma-separated), or LOCAL_TRANSPORT_URL for the local one.',
  );
};

const saslOf = ({ KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD }: BaseConfig) => {
  if (KAFKA_SASL_MECHANISM === undefined) return undefined;
  if (KAFKA_SASL_USERNAME === undefined || KAFKA_SASL_PASSWORD === undefined) {
    throw new ConfigError('KAFKA_SASL_MECHANISM is set: set KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD too.');
  }
  const credentials = { username: KAFKA_SASL_USERNAME, password: KAFKA_SASL_PASSWORD };
  // The union of kafkajs' options wants one literal mechanism each.
  switch (KAFKA_SASL_MECHANISM) {
    case 'plain':
      return { mechanism: 'plain', ...credentials } as const;
    case 'scram-sha-256':
      return { mechanism: 'scram-sha-256', ...credentials } as const;
    case 'scram-sha-512':
      return { mechanism: 'scram-sha-512', ...credentials } as const;
  }
};
