import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

/** A network that a test can cut and mend: to the server the client is dead, to the client the server is away. */
export interface Cable {
  /** Ends all connections; new ones are refused. */
  cut(): void;
  mend(): void;
}

/** A cable for kafkajs, which connects to whatever address the brokers tell. */
export class SocketCable implements Cable {
  readonly #sockets = new Set<Socket>();
  #cut = false;
  #frozen = false;
  readonly #refusals = new Map<number, { readonly error: number; readonly times: number }>();
  #trap: { readonly apiKey: number; readonly sprung: () => void } | undefined;
  #loss: { readonly apiKey: number; passing: number } | undefined;

  readonly socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    // Port 1 of the local host refuses.
    const socket = this.#cut ? connect(1, '127.0.0.1') : connect({ host, port }, onConnect);
    this.#sockets.add(socket);
    this.#watch(socket);
    if (this.#frozen) socket.once('connect', () => setImmediate(() => this.#frozen && socket.pause()));
    socket.on('close', () => this.#sockets.delete(socket));
    return socket;
  };

  /** Connections stay, also new ones are made, and what is asked arrives; but nothing is answered until `thaw`. */
  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  thaw(): void {
    this.#frozen = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Freezes as soon as a request of this kind leaves (Kafka's number of its API), and resolves then. */
  freezeAt(apiKey: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#trap = { apiKey, sprung: resolve };
    return promise;
  }

  /** Once so many more requests of a kind (Kafka's number of its API) have passed, the next one loses its connection. */
  loseAfter(passing: number, apiKey: number): void {
    this.#loss = { apiKey, passing };
  }

  /** The next requests of a kind (Kafka's number of its API) are answered here with an error (Kafka's number of it). */
  refuse(apiKey: number, error: number, times: number): void {
    this.#refusals.set(apiKey, { error, times });
  }

  /**
   * A request is its size, 4 bytes, the numbers of its API and version, 2 bytes each, and its own number, 4 bytes, under
   * which it is answered; kafkajs writes one at a time.
   */
  #watch(socket: Socket): void {
    const write = socket.write.bind(socket) as (data: Buffer, ...rest: unknown[]) => boolean;
    socket.write = (data: Buffer | string | Uint8Array, ...rest: unknown[]): boolean => {
      const apiKey = Buffer.isBuffer(data) && data.length >= 12 ? data.readInt16BE(4) : -1;
      if (apiKey === this.#trap?.apiKey) {
        const { sprung } = this.#trap;
        this.#trap = undefined;
        this.freeze();
        sprung();
      }
      if (apiKey === this.#loss?.apiKey && this.#loss.passing-- === 0) {
        this.#loss = undefined;
        socket.destroy(new Error('read ECONNRESET'));
        return true;
      }
      const { error, times } = this.#refusals.get(apiKey) ?? { error: 0, times: 0 };
      if (times === 0) return write(data as Buffer, ...rest);
      this.#refusals.set(apiKey, { error, times: times - 1 });
      setImmediate(() => socket.emit('data', refusal((data as Buffer).readInt32BE(8), error)));
      return true;
    };
  }

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy(new Error('read ECONNRESET'));
  }

  mend(): void {
    this.#cut = false;
  }
}

/** An answer: its size, the number of its request, a throttle time, an error, and nothing in all that may follow. */
const refusal = (request: number, error: number): Buffer => {
  const answer = Buffer.alloc(64);
  answer.writeInt32BE(answer.length - 4, 0);
  answer.writeInt32BE(request, 4);
  answer.writeInt16BE(error, 12);
  return answer;
};

/** A cable that is a port of its own, in front of another one. */
export class PortCable implements Cable {
  readonly #sockets = new Set<Socket>();
  #cut = false;
  #loss: { readonly words: string; readonly lost: () => void } | undefined;

  private constructor(
    /** The address behind it, by way of this cable. */
    readonly url: string,
    readonly close: () => void,
  ) {}

  /** In front of what an address names. */
  static async to(address: string): Promise<PortCable> {
    const url = new URL(address);
    const [host, port] = [url.hostname, Number(url.port)];
    const server = createServer((near) => cable.#connected(near, host, port));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as AddressInfo).port);
    const cable: PortCable = new PortCable(url.href, () => {
      cable.cut();
      server.close();
    });
    return cable;
  }

  /** Cuts the next connection on which these words go out when they are answered; resolves then. Others go on. */
  loseAnswerTo(words: string): Promise<void> {
    return new Promise((lost) => (this.#loss = { words, lost }));
  }

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  #connected(near: Socket, host: string, port: number): void {
    if (this.#cut) {
      near.destroy();
      return;
    }
    const far = connect(port, host);
    near.pipe(far).pipe(near);
    near.on('data', (data: Buffer) => {
      if (this.#loss === undefined || !data.includes(this.#loss.words)) return;
      const { lost } = this.#loss;
      this.#loss = undefined;
      far.unpipe(near).once('data', () => {
        near.destroy();
        lost();
      });
      far.resume();
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
