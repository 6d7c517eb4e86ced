import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { eventually } from '@baton/messaging/testing';
import { docker, execute } from './docker.js';

/** Port variables of the Compose files, and what answers there. */
const PORTS = {
  gateway: 'BATON_PORT',
  kafka: 'BATON_KAFKA_PORT',
  mailpit: 'BATON_MAILPIT_PORT',
  jaeger: 'BATON_JAEGER_PORT',
  prometheus: 'BATON_PROMETHEUS_PORT',
} as const;
/** How long it may take until a container stands still, milliseconds. */
const FREEZE_PATIENCE_MS = 60_000;
type Published = keyof typeof PORTS;

const freePort = (): Promise<number> =>
  new Promise((found, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen({ port: 0, host: '127.0.0.1' }, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => found(port));
    });
  });

const lines = (said: string): readonly string[] => said.split('\n').filter((line) => line !== '');

/** The system of the top-level compose.yaml under a project name and ports of its own. */
export class ComposeSystem {
  private constructor(
    readonly project: string,
    private readonly image: string,
    private readonly ports: Readonly<Record<Published, number>>,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** @param env settings of the Compose files that replace those of the tests */
  static async settle(purpose = 'test', env: Readonly<Record<string, string>> = {}): Promise<ComposeSystem> {
    const project = `baton-${purpose}-${process.pid}`;
    const image = `${project}:latest`;
    const names = Object.keys(PORTS) as Published[];
    const found = await Promise.all(names.map(() => freePort()));
    const ports = Object.fromEntries(names.map((name, index) => [name, found[index]])) as Record<Published, number>;
    return new ComposeSystem(project, image, ports, {
      ...Object.fromEntries(names.map((name) => [PORTS[name], String(ports[name])])),
      COMPOSE_PROJECT_NAME: project,
      BATON_IMAGE: image,
      // Every trace is kept, and the simulated world does not dawdle.
      BATON_TRACE_PERCENT: '100',
      OTEL_METRIC_EXPORT_INTERVAL: '3000',
      STAFF_WORKERS: '24',
      STAFF_SECONDS_PER_LIST: '0.2',
      CARRIER_DELIVERY_SECONDS: '2',
      ...env,
    });
  }

  compose(...args: readonly string[]): Promise<string> {
    return execute('docker', ['compose', ...args], this.env);
  }

  /** Stops a service's processes where they stand; an engine with much to do may need more than one try. */
  async freeze(service: string): Promise<void> {
    await eventually(() => this.compose('pause', service), FREEZE_PATIENCE_MS);
  }

  async thaw(service: string): Promise<void> {
    await this.compose('unpause', service);
  }

  /** Base address of something that is published on this machine. */
  url(name: Exclude<Published, 'kafka'>): string {
    return `http://127.0.0.1:${this.ports[name]}`;
  }

  get brokers(): string {
    return `127.0.0.1:${this.ports.kafka}`;
  }

  /** Images that are used as they come. */
  async foreignImages(): Promise<readonly string[]> {
    const named = lines(await this.compose('config', '--images'));
    const base = 'node:24.21.0-slim';
    return [...new Set([...named.filter((name) => name !== this.image), base])];
  }

  /** What a service answers to GET `path`, asked from inside its first container; for what the gateway does not serve. */
  async askInside(service: string, path: string): Promise<unknown> {
    const program = `console.log(await (await fetch('http://127.0.0.1:8080${path}')).text())`;
    const said = await this.compose('exec', '-T', service, 'node', '--input-type=module', '-e', program);
    return JSON.parse(said);
  }

  /**
   * Takes everything away but the image.
   * @returns what is left all the same, containers, volumes (those without a name too) and networks
   */
  async remove(): Promise<readonly string[]> {
    const filter = `label=com.docker.compose.project=${this.project}`;
    const containers = lines(await docker('ps', '--all', '--quiet', '--filter', filter));
    const named = '{{range .Mounts}}{{if eq .Type "volume"}}{{println .Name}}{{end}}{{end}}';
    const mounted = containers.length === 0 ? '' : await docker('inspect', '--format', named, ...containers);
    await this.compose('--profile', 'tools', 'down', '--volumes', '--remove-orphans', '--timeout', '20');
    const volumes = new Set(lines(await docker('volume', 'ls', '--quiet')));
    return [
      ...lines(await docker('ps', '--all', '--quiet', '--filter', filter)),
      ...lines(await docker('network', 'ls', '--quiet', '--filter', filter)),
      ...new Set(lines(mounted).filter((name) => volumes.has(name))),
    ];
  }

  /** Its layers stay in the build cache. */
  async removeImage(): Promise<void> {
    await docker('image', 'rm', '--force', this.image);
  }
}
