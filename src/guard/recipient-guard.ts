import { SendwrightError } from "../core/errors.ts";
import { createEgress, type Egress } from "../net/egress.ts";
import { isLoopback } from "../net/host.ts";
import { type Connection, type ConnectOptions, connect } from "../smtp/connection.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { ConfigResolver } from "../smtp-configs/resolver.ts";
import { CaptureSource, captureResolver, type DeliveryResolver } from "./capture.ts";
import { guardEnvelope } from "./envelope.ts";
import { type RecipientFate, recipientFate } from "./fate.ts";
import { GuardedConnection } from "./guarded-connection.ts";
import { everyone, type RecipientRule } from "./rule.ts";
import { withheldError } from "./withheld.ts";

/** Where the sandbox of this machine listens. */
export interface SandboxAddress {
  readonly host: string;
  /** Read with each use: until its start, a sandbox on any free port has none. */
  readonly port: number;
}

/** Opens the connections that send, none of which sends around the rule. */
export class RecipientGuard {
  readonly rule: RecipientRule;
  readonly #sandbox: SandboxAddress | null;
  /** Its own: a rule about where SMTP servers may be must not keep mail from the sandbox. */
  readonly #sandboxEgress: Egress = createEgress("default");

  /** @throws SendwrightError `input.invalid` for `capture` without a sandbox */
  constructor(rule: RecipientRule = everyone, sandbox: SandboxAddress | null = null) {
    if (rule.kind === "capture" && sandbox === null) {
      const detail = "is capture, but the sandbox is off: set SENDWRIGHT_SANDBOX_PORT to a port such as 4651";
      throw new SendwrightError("input.invalid", `SENDWRIGHT_RECIPIENTS ${detail}.`, {
        issues: [{ pointer: "SENDWRIGHT_RECIPIENTS", detail }],
      });
    }
    this.rule = rule;
    this.#sandbox = sandbox;
  }

  /** Opens a connection as `connect` of the SMTP client does, with its errors; what it sends follows the rule. */
  async connect(options: ConnectOptions): Promise<Connection> {
    const connection = await connect(
      this.#isCaptured(options.relay) ? { ...options, egress: this.#sandboxEgress } : options,
    );
    return new GuardedConnection({
      rule: this.rule,
      connection,
      isSandbox: this.#isSandbox(connection),
      openSandbox: () => connect(this.#toSandbox(options)),
    });
  }

  /** The configs as delivery is to see them. */
  configSource(source: ConfigSource): ConfigSource {
    return this.rule.kind === "capture" ? new CaptureSource(source) : source;
  }

  /** Resolves configs as delivery is to use them. */
  resolver(resolver: ConfigResolver): DeliveryResolver {
    return this.rule.kind === "capture" ? captureResolver(() => this.#sandboxRelay()) : resolver;
  }

  /** @throws SendwrightError `email.withheld` if none of the recipients may get mail */
  assertAny(recipients: readonly string[]): void {
    const { to, withheld } = guardEnvelope(this.rule, recipients);
    if (to.length === 0 && withheld.length > 0) throw withheldError(withheld);
  }

  /** What becomes of a recipient. */
  fateOf(address: string): RecipientFate {
    return recipientFate(this.rule, address);
  }

  /** Whom a test may name in RCPT TO instead of this recipient; null for nobody. */
  testRecipient(recipient: string | null): string | null {
    if (recipient === null || this.rule.kind === "capture") return null;
    return guardEnvelope(this.rule, [recipient]).to[0] ?? null;
  }

  #sandboxRelay() {
    const { host, port } = this.#sandbox ?? missing();
    const relay = { host, port, tls: "none", caPem: null, ehloName: null } as const;
    return { relay, credentials: null, needsToken: null, allowCleartextAuth: false };
  }

  #toSandbox(options: ConnectOptions): ConnectOptions {
    const { observer: _, dial: _dial, ...rest } = options;
    return { ...rest, ...this.#sandboxRelay(), egress: this.#sandboxEgress };
  }

  #isCaptured({ host, port }: ConnectOptions["relay"]): boolean {
    const sandbox = this.#sandbox;
    return this.rule.kind === "capture" && host === sandbox?.host && port === sandbox.port;
  }

  #isSandbox({ address, port }: Pick<Connection, "address" | "port">): boolean {
    return this.#sandbox !== null && port === this.#sandbox.port && isLoopback(address);
  }
}

function missing(): never {
  throw new TypeError("Nothing can be captured without a sandbox.");
}
