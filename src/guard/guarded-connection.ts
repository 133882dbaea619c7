import type { Connection, Message, SendResult } from "../smtp/connection.ts";
import { prepended } from "./content.ts";
import { guardEnvelope } from "./envelope.ts";
import { resultFor } from "./results.ts";
import type { RecipientRule } from "./rule.ts";
import { withheldError } from "./withheld.ts";

export interface GuardedConnectionDependencies {
  readonly rule: RecipientRule;
  readonly connection: Connection;
  /** Whether the connection is with the built-in sandbox. */
  readonly isSandbox: boolean;
  /** Opens a connection with the built-in sandbox. @throws SendwrightError `sandbox.unavailable` */
  readonly openSandbox: () => Promise<Connection>;
}

/** A connection that sends to those alone whom the rule allows, whatever it is asked to. */
export class GuardedConnection implements Connection {
  readonly #dependencies: GuardedConnectionDependencies;
  /** As the connection has them, by which it knows them. */
  readonly #guarded = new WeakMap<Message, Message>();

  constructor(dependencies: GuardedConnectionDependencies) {
    this.#dependencies = dependencies;
  }

  get host() {
    return this.#connection.host;
  }

  get address() {
    return this.#connection.address;
  }

  get port() {
    return this.#connection.port;
  }

  get tls() {
    return this.#connection.tls;
  }

  get capabilities() {
    return this.#connection.capabilities;
  }

  get usable() {
    return this.#connection.usable;
  }

  sender(address: string, recipient?: string) {
    return this.#connection.sender(address, recipient);
  }

  recipient(address: string) {
    return this.#connection.recipient(address);
  }

  reset() {
    return this.#connection.reset();
  }

  /** As that of a connection. @throws SendwrightError also `email.withheld` if no recipient may get mail */
  async send(message: Message): Promise<SendResult> {
    const { rule, connection, isSandbox } = this.#dependencies;
    const { to, withheld, headers } = guardEnvelope(rule, message.to);
    if (to.length === 0 && withheld.length > 0) throw withheldError(withheld);
    const isChanged = headers.length > 0 || to !== message.to;
    const guarded = isChanged ? { ...message, to, content: prepended(headers, message.content) } : message;
    this.#guarded.set(message, guarded);
    if (rule.kind === "capture" && !isSandbox) return this.#capture(guarded);
    // Nothing is awaited before this: messages keep their order.
    const result = resultFor(rule, message.to, withheld, await connection.send(guarded));
    return isSandbox ? { ...result, captured: true } : result;
  }

  withdraw(message?: Message): boolean {
    return this.#connection.withdraw(
      message === undefined ? undefined : (this.#guarded.get(message) ?? message),
    );
  }

  quit() {
    return this.#connection.quit();
  }

  destroy() {
    this.#connection.destroy();
  }

  get #connection(): Connection {
    return this.#dependencies.connection;
  }

  /** The test email of a connection that was tested with another server. */
  async #capture(message: Message): Promise<SendResult> {
    const sandbox = await this.#dependencies.openSandbox();
    try {
      return { ...(await sandbox.send(message)), captured: true };
    } finally {
      void sandbox.quit();
    }
  }
}
