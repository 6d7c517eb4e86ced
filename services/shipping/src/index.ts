export { type CarrierBehaviour, everyday, obedient } from './carrier-simulator/behaviour.js';
export { carrierSimulatorSettings } from './carrier-simulator/settings.js';
export * from './carrier-simulator/simulator.js';
export * from './carrier/port.js';
export * from './commands.js';
export * from './domain/decision.js';
export * from './domain/shipment.js';
export * from './reactions.js';
export * from './shipping.module.js';
