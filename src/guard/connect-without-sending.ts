import { type Connection, type ConnectOptions, connect } from "../smtp/connection.ts";

/** A session that is looked at: no mail goes through it. */
export type SilentConnection = Omit<Connection, "send" | "sender" | "recipient">;

/** Opens a connection as `connect` of the SMTP client does, with its errors. */
export function connectWithoutSending(options: ConnectOptions): Promise<SilentConnection> {
  return connect(options);
}
