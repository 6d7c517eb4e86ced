import { KafkaTransport, type PipelineLog, type Transport } from '@baton/messaging';
import { type BaseConfig, ConfigError } from './config.js';

/**
 * Connects to the transport that the settings name: Kafka if there are brokers, else the local one.
 * @throws ConfigError when neither is named, or SASL is named without its credentials
 */
export const connectTransport = async (service: string, config: BaseConfig, log: PipelineLog): Promise<Transport> => {
  const { KAFKA_BROKERS, LOCAL_TRANSPORT_URL } = config;
  if (KAFKA_BROKERS !== undefined) {
    return KafkaTransport.connect({ brokers: KAFKA_BROKERS.split(','), clientId: `baton-${service}` });
  }
  throw new ConfigError(
    'No transport is named. Set KAFKA_BROKERS (host:port, comma-separated), or LOCAL_TRANSPORT_URL for the local one.',
  );
};
