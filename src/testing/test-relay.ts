import { type RelayedMessage, type RelayOptions, relayScript } from "./relay-script.ts";
import { startScriptedServer } from "./scripted-server.ts";

export interface TestRelay extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** What was delivered so far, oldest first. */
  readonly messages: readonly RelayedMessage[];
  /** Resolves with the first `count` messages as soon as there are that many. */
  delivered(count: number): Promise<readonly RelayedMessage[]>;
  /** Frees the port. @throws what an override threw. */
  close(): Promise<void>;
}

/**
 * A relay on a free port of 127.0.0.1 that stores in memory the messages it receives.
 *
 * ```ts
 * await using relay = await startTestRelay();
 * await signUp("jo@example.com");              // your application, sending through relay.port
 * const [message] = await relay.delivered(1);
 * ```
 */
export async function startTestRelay(options: RelayOptions = {}): Promise<TestRelay> {
  const messages: RelayedMessage[] = [];
  const waiting = new Set<() => void>();
  const script = relayScript(options, (message) => {
    messages.push(message);
    for (const check of waiting) check();
  });
  const server = await startScriptedServer(script, options.tls?.implicit ? { implicitTls: options.tls } : {});
  return {
    host: server.host,
    port: server.port,
    messages,
    delivered: (count) =>
      new Promise((resolve) => {
        const check = () => {
          if (messages.length < count) return;
          waiting.delete(check);
          resolve(messages.slice(0, count));
        };
        waiting.add(check);
        check();
      }),
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  };
}
